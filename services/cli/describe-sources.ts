import { findFirstObject } from '../shared/archive/chain.ts';
import { findHighestEnd } from '../shared/archive/chain-end.ts';
import { typedSourceNames } from '../shared/source-schemas.ts';
import { eventsTopic } from '../shared/topics.ts';
import type { House } from './house.ts';

export interface DescribedSource {
  readonly source: string;
  readonly topic: string;
  /** Null where the topic was not made yet. */
  readonly partitions: number | null;
  /** How many records the log has, and how many the archive has; the newest of these the log has, too. */
  readonly inLog: number;
  readonly inArchive: number;
  /** Whether its events have a schema. */
  readonly typed: boolean;
  /** The modules that read it. */
  readonly modules: readonly string[];
  /** Whether it got its topic by a claim. */
  readonly claimed: boolean;
}

type Describing = Pick<House, 'namespace' | 'modules' | 'sources' | 'log' | 'archive' | 'control'>;

async function countArchived(
  { archive }: Describing,
  source: string,
  topic: string,
  partitions: number,
): Promise<number> {
  let count = 0;
  for (let partition = 0; partition < partitions; partition++) {
    const of = { source, topic, partition };
    const end = await findHighestEnd(archive, of);
    if (end === null) continue;
    const first = await findFirstObject(archive, of);
    count += end.range.last + 1 - (first?.first ?? 0);
  }
  return count;
}

/** The sources that have a topic of their own, by what is installed here and by claims, in the order of their names. */
export async function describeSources(house: Describing): Promise<readonly DescribedSource[]> {
  const { namespace, modules, log, control } = house;
  const typed = new Set(typedSourceNames());
  const described: DescribedSource[] = [];
  for (const source of [...new Set([...house.sources, ...control.claims.keys()])].sort()) {
    const topic = eventsTopic(namespace, source);
    const partitions = await log.partitionCount(topic);
    const ranges = partitions === null ? [] : await log.offsets(topic);
    described.push({
      source,
      topic,
      partitions,
      inLog: ranges.reduce((sum, { start, end }) => sum + end - start, 0),
      inArchive: await countArchived(house, source, topic, partitions ?? 0),
      typed: typed.has(source),
      modules: modules.filter(({ contexts }) => contexts.includes(source)).map(({ id }) => id),
      claimed: control.claims.has(source),
    });
  }
  return described;
}
