import pMap from 'p-map';
import { keyOf } from '../log/partition-key.ts';
import type { EventLog, TopicPartition } from '../log/port.ts';
import { markField, readMark } from '../rekey-mark.ts';
import type { StateStore } from '../state/port.ts';
import type { VersionShape } from './shape.ts';

export interface ReachDeps {
  readonly log: Pick<EventLog, 'offsets' | 'partitionCount'>;
  readonly state: Pick<StateStore, 'position' | 'readMany'>;
}

/**
 * By partition of a topic of events: no state of a version has anything of the offset that is named here, or of one above.
 * What a version has only grows, so this holds for all that anybody read of it until then.
 */
export type Reach = ReadonlyMap<string, number>;

/** Questions to the store that are under way at a time. */
export const AT_ONCE = 32;

export const partitionsOf = (topic: string, count: number): readonly TopicPartition[] =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }));

/**
 * How far a version is now, whether its workers run or not. What it has of events under other keys may be a little ahead of
 * the positions of the units that published them, so the marks count, too.
 */
export async function readReach({ log, state }: ReachDeps, shape: VersionShape): Promise<Reach> {
  const module = shape.id;
  const reach = new Map<string, number>();
  const sources: TopicPartition[] = [];
  for (const topic of shape.sources)
    sources.push(...partitionsOf(topic, (await log.partitionCount(topic)) ?? 0));
  const raise = (at: TopicPartition, offset: number): void =>
    void reach.set(keyOf(at), Math.max(reach.get(keyOf(at)) ?? 0, offset));

  await pMap(sources, async (at) => raise(at, (await state.position({ module, ...at }))?.next ?? 0), {
    concurrency: AT_ONCE,
  });
  if (shape.rekeyTopic === null) return reach;
  const origins = sources.filter(({ topic }) => shape.rekeyed.includes(topic));
  const count = (await log.partitionCount(shape.rekeyTopic)) ?? 0;
  await pMap(
    partitionsOf(shape.rekeyTopic, count),
    async (at) => {
      const texts = await state.readMany({ module, ...at }, origins.map(markField));
      for (const [index, text] of texts.entries()) {
        const mark = text === null ? null : readMark(text);
        if (mark !== null) raise(origins[index]!, mark.offset + 1);
      }
    },
    { concurrency: AT_ONCE },
  );
  return reach;
}
