import { findFirstObject } from '../archive/chain.ts';
import type { Waiter } from '../archive/object-room.ts';
import { createObjectOpener } from '../archive/open-object.ts';
import type { ArchiveStore } from '../archive/port.ts';
import { LecternError } from '../errors.ts';
import type { EventLog, LogRecord, PartitionOffsets, ReadRange, TopicPartition } from '../log/port.ts';
import { sourceOfTopic } from '../topics.ts';
import { type ArchiveWalk, createArchiveWalk } from './archive-walk.ts';
import { findConflict } from './conflict.ts';
import { createFilter } from './filter.ts';
import { missingMessage } from './gap.ts';
import type { History } from './port.ts';

export interface HistoryDeps {
  readonly log: Pick<EventLog, 'offsets' | 'read'>;
  readonly archive: ArchiveStore;
  readonly namespace: string;
}

type Pages = AsyncGenerator<readonly LogRecord[]>;

/**
 * History out of archive and log. Of the archive a reading has one object in memory, at most 64 MiB, and one page of its
 * records; those that can wait have as much together, or one object.
 */
export function createHistory({ log, archive, namespace }: HistoryDeps): History {
  const opener = createObjectOpener(archive);
  const archivedAs = (at: TopicPartition) => ({
    source: sourceOfTopic(namespace, at.topic),
    topic: at.topic,
    partition: at.partition,
  });

  const logRange = async ({ topic, partition }: TopicPartition): Promise<PartitionOffsets> => {
    const found = (await log.offsets(topic)).find((one) => one.partition === partition);
    if (found === undefined)
      throw new LecternError('UNKNOWN_TOPIC', `topic ${topic} has no partition ${partition}`);
    return found;
  };
  const logStart = async (at: TopicPartition): Promise<number> => (await logRange(at)).start;

  const openWalk = (at: TopicPartition, from: number, waiter?: Waiter): ArchiveWalk =>
    createArchiveWalk({ archive, opener, of: archivedAs(at), from, waiter });

  /**
   * The records of one object, from an offset on; returns the offset after them, and the same offset when the log holds
   * it. A walk knows only what was archived when it began, so nothing is missing before a new one has not found it.
   */
  async function* readObject(
    at: TopicPartition,
    from: number,
    walk: { current: ArchiveWalk; isNew: boolean },
    waiter?: Waiter,
  ) {
    for (;;) {
      const start = await logStart(at);
      if (start <= from) return from;
      const step = await walk.current.take(from);
      if (step.kind === 'object') {
        walk.isNew = false;
        yield* step.object.pages(from);
        return step.object.range.last + 1;
      }
      if (walk.isNew) {
        const to = Math.min(start, step.following ?? start);
        throw new LecternError('HISTORY_GAP', missingMessage(at, { from, to }));
      }
      walk.current = openWalk(at, from, waiter);
      walk.isNew = true;
    }
  }

  async function* archived(at: TopicPartition, from: number, waiter?: Waiter): Pages {
    const walk = { current: openWalk(at, from, waiter), isNew: true };
    for (let next = from; ; ) {
      const after: number = yield* readObject(at, next, walk, waiter);
      if (after === next) return;
      next = after;
    }
  }

  /** The records of a range, up to the first that the log has lost; it may pass over such, or throw. */
  async function* inLog({ from, to, ...at }: ReadRange, lost: (next: number) => Promise<boolean>) {
    let next = from;
    try {
      for await (const records of log.read({ ...at, from, to })) {
        // Offsets may be unused, but not those of records that expired meanwhile.
        if (records[0]!.offset > next && (await lost(next))) return next;
        yield records;
        next = records.at(-1)!.offset + 1;
      }
    } catch (error) {
      const isLost = error instanceof LecternError && error.code === 'OFFSET_OUT_OF_RANGE';
      if (!isLost || !(await lost(next))) throw error;
    }
    return next;
  }

  /** What the log gives of a range, until it has lost the next record; returns the offset after the last one. */
  async function* logged(range: ReadRange) {
    const lost = async (next: number): Promise<boolean> => (await logStart(range)) > next;
    if (range.from >= range.to) return range.to;
    const next: number = yield* inLog(range, lost);
    // Where nothing was left, the log does not use the last offsets, or has just lost them.
    return next < range.to && (await lost(next)) ? next : range.to;
  }

  /** What the archive gives of a range; returns the offset after the last one, which is the log's or past the range. */
  async function* outOfArchive({ from, to, ...at }: ReadRange) {
    let next = from;
    for await (const records of archived(at, from)) {
      const last = records.at(-1)!.offset;
      if (last >= to - 1) {
        yield records.filter(({ offset }) => offset < to);
        return to;
      }
      yield records;
      next = last + 1;
    }
    return next;
  }

  async function* readAll(range: ReadRange): Pages {
    for (let next = range.from; next < range.to; ) {
      next = yield* outOfArchive({ ...range, from: next });
      next = yield* logged({ ...range, from: next });
    }
  }

  return {
    async start(at) {
      const start = await logStart(at);
      if (start === 0) return start;
      const oldest = await findFirstObject(archive, archivedAs(at));
      return Math.min(start, oldest?.first ?? start);
    },
    conflict: (at, waiter) =>
      findConflict({
        archive,
        opener,
        of: archivedAs(at),
        read: log.read,
        range: () => logRange(at),
        waiter,
      }),
    archived,
    async *read(range, filter = {}) {
      const passes = createFilter(filter);
      for await (const records of readAll(range)) {
        const wanted = records.filter(passes);
        if (wanted.length > 0) yield wanted;
      }
    },
  };
}
