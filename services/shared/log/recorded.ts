import type { LogRecord, PartitionOffsets, TopicPartition } from './port.ts';

/** Records that were read, and how far reading came: what a filter left out is passed over. */
export interface RecordedPage {
  /** In offset order; none where nothing of the page is wanted. */
  readonly records: readonly LogRecord[];
  /** The offset after the last one that was read. */
  readonly next: number;
}

/** What is kept of topics outside of any log: the beginning of each of their partitions. */
export interface Recorded {
  /** By topic, one for each partition, from 0 on; a topic without any is not in it. */
  readonly ranges: ReadonlyMap<string, readonly PartitionOffsets[]>;
  /**
   * The records of a partition from an offset of its range on, in pages, the last of which ends where the range does.
   * Rejects while they cannot be read, and when they are not wanted any more: that is asked after any waiting. What is not
   * read on must be ended, as `for await` does.
   */
  pages(at: TopicPartition, from: number, wanted: () => boolean): AsyncIterable<RecordedPage>;
}
