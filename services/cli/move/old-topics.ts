import { LecternError } from '../../shared/errors.ts';
import type { PartitionOffsets } from '../../shared/log/port.ts';
import { controlTopic, eventsTopic } from '../../shared/topics.ts';
import type { MoveSource } from './open-source.ts';
import type { MoveTarget } from './open-target.ts';

/** A topic of the old namespace that has, or had, records. */
export interface OldTopic {
  readonly from: string;
  /** The topic of the new namespace that it goes into. */
  readonly to: string;
  readonly ends: readonly Pick<PartitionOffsets, 'partition' | 'end'>[];
}

interface Houses {
  readonly source: MoveSource;
  readonly target: MoveTarget;
}

async function endsOf({ log }: MoveSource, topic: string): Promise<OldTopic['ends']> {
  try {
    return await log.offsets(topic);
  } catch (error) {
    if (error instanceof LecternError && error.code === 'UNKNOWN_TOPIC') return [];
    throw error;
  }
}

/** Where the old control topic ends; 0 where there is none. */
export async function controlEnd(source: MoveSource): Promise<number> {
  return (await endsOf(source, controlTopic(source.namespace)))[0]?.end ?? 0;
}

/**
 * The topics of events that are moved. Throws CONFIG_INVALID when there is none, and when one has no place in the new
 * installation, whose archiver would pass it over.
 */
export async function findOldTopics(
  { source, target }: Houses,
  only: readonly string[] | null,
): Promise<readonly OldTopic[]> {
  const topics: OldTopic[] = [];
  for (const name of only ?? source.sources) {
    const from = eventsTopic(source.namespace, name);
    const ends = await endsOf(source, from);
    if (ends.some(({ end }) => end > 0)) topics.push({ from, to: eventsTopic(target.namespace, name), ends });
    else if (only !== null)
      throw new LecternError('CONFIG_INVALID', `--source ${name}: ${from} has no events`);
  }
  if (topics.length === 0)
    throw new LecternError(
      'CONFIG_INVALID',
      `there are no events of the namespace ${source.namespace}: name the one that is moved with --source-namespace, and its sources in LECTERN_SOURCES`,
    );
  const known = new Set(target.installation.topics.map(({ name }) => name));
  const missing = topics.filter(({ to }) => !known.has(to));
  if (missing.length === 0) return topics;
  const sources = missing.map(({ to }) => to.slice(eventsTopic(target.namespace, '').length));
  throw new LecternError(
    'CONFIG_INVALID',
    `LECTERN_SOURCES: add ${sources.join(',')}, which has events and no module, here and for the new services: else nobody would archive it`,
  );
}
