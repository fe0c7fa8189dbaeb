import { LecternError } from '../shared/errors.ts';
import type { Recorded } from '../shared/log/recorded.ts';
import { partitionOf } from '../shared/partition.ts';

/**
 * Throws CONFIG_INVALID when a topic's records do not stand where their keys belong among so many partitions: what is
 * added to it would go elsewhere. Of each partition the first records are looked at.
 */
export async function checkPartitions(recorded: Recorded, topic: string, partitions: number): Promise<void> {
  for (const { partition, start, end } of recorded.ranges.get(topic) ?? []) {
    if (start === end) continue;
    for await (const { records } of recorded.pages({ topic, partition }, start, () => true)) {
      const isElsewhere = records.some(({ key }) => partitionOf(String(key), partitions) !== partition);
      if (isElsewhere)
        throw new LecternError(
          'CONFIG_INVALID',
          `LECTERN_PARTITIONS: ${topic} has another number of partitions than ${partitions}: set it to that of the services`,
        );
      break;
    }
  }
}
