import type { Waiter } from '../archive/object-room.ts';
import type { LogRecord, ReadRange, TopicPartition } from '../log/port.ts';

/**
 * What of a range is wanted; a record must pass all that are given. A topic stands for its source, so there is no filter
 * by source.
 */
export interface HistoryFilter {
  /** By when the log appended it, in milliseconds: from this on. */
  readonly since?: number;
  /** Before this. */
  readonly until?: number;
  /** The record's key. */
  readonly keys?: ReadonlySet<string>;
}

/**
 * The records of a partition wherever they are: in the archive below the log's start, then in the log. Every reader of
 * history goes through it. Pages are bounded, in offset order, never empty.
 */
export interface History {
  /** The oldest offset that archive or log holds: where whoever has no position begins. */
  start(at: TopicPartition): Promise<number>;
  /**
   * Why archive and log are not of one history, with the remedy: the newest record that both should hold is not the same,
   * or the archive reaches beyond the log's end. Null when nothing says so, and when they have no offset in common.
   */
  conflict(at: TopicPartition, waiter?: Waiter): Promise<string | null>;
  /**
   * The archived records from `from` on, until the log holds the next one; it is asked for its start again before every
   * object, because it may have moved. Yields nothing when the log holds `from` already. Throws HISTORY_GAP, naming the
   * offsets, when neither holds one that is needed. All readings of a process that give a waiter share room for the
   * objects that they hold, see `ObjectRoom`; what is not read on must be ended, as `for await` does.
   */
  archived(at: TopicPartition, from: number, waiter?: Waiter): AsyncIterable<readonly LogRecord[]>;
  /** The range `from` to `to` (exclusive), first out of the archive, then out of the log. Throws HISTORY_GAP. */
  read(range: ReadRange, filter?: HistoryFilter): AsyncIterable<readonly LogRecord[]>;
}
