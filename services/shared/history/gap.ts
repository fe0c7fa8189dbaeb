import type { TopicPartition } from '../log/port.ts';

/** Offsets that should be somewhere and are not; `to` is exclusive. */
export interface MissingOffsets {
  readonly from: number;
  readonly to: number;
}

/** What is missing of a partition, and the remedy. */
export function missingMessage({ topic, partition }: TopicPartition, { from, to }: MissingOffsets): string {
  return (
    `offsets ${from} to ${to - 1} of ${topic}/${partition} are neither in the archive nor in the log: restore the ` +
    'archive objects that held them, or start over in a new namespace (LECTERN_NAMESPACE)'
  );
}
