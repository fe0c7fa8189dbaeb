import { findHighestEnd } from '../archive/chain-end.ts';
import { takeInventory } from '../archive/inventory.ts';
import type { ArchiveStore } from '../archive/port.ts';
import type { EventLog, PartitionOffsets } from '../log/port.ts';
import { sourceOfTopic } from '../topics.ts';

export interface ArchiveEndsDeps {
  readonly archive: ArchiveStore;
  readonly namespace: string;
  /** The log, where there is one. */
  readonly log: Pick<EventLog, 'partitionCount' | 'offsets' | 'read'> | null;
}

/**
 * A log for reading history where there is none, or none of a topic: its partitions then begin and end where their
 * archive ends, as it was when first asked, and hold nothing. A topic that nothing is known of has no partitions.
 */
export function createLogOrArchive({
  archive,
  namespace,
  log,
}: ArchiveEndsDeps): Pick<EventLog, 'offsets' | 'read'> {
  const known = new Map<string, Promise<readonly PartitionOffsets[]>>();

  const archived = async (topic: string): Promise<readonly PartitionOffsets[]> => {
    const source = sourceOfTopic(namespace, topic);
    const { partitions } = await takeInventory(archive, source);
    const highest = Math.max(
      -1,
      ...partitions.flatMap(({ of }) => (of.topic === topic ? [of.partition] : [])),
    );
    return Promise.all(
      Array.from({ length: highest + 1 }, async (_, partition) => {
        const last = (await findHighestEnd(archive, { source, topic, partition }))?.range.last ?? -1;
        return { partition, start: last + 1, end: last + 1 };
      }),
    );
  };
  const isInLog = async (topic: string): Promise<boolean> =>
    log !== null && (await log.partitionCount(topic)) !== null;

  return {
    async offsets(topic) {
      // A topic is either in the log or not, for as long as one reads.
      if (!known.has(topic) && (await isInLog(topic))) return log!.offsets(topic);
      const ends = known.get(topic) ?? archived(topic);
      known.set(topic, ends);
      return ends;
    },
    async *read(range) {
      if (await isInLog(range.topic)) yield* log!.read(range);
    },
  };
}
