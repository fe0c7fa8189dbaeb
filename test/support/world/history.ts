import { LecternError } from '../../../services/shared/errors.ts';
import type { History, HistoryFilter } from '../../../services/shared/history/port.ts';
import { keyOf } from '../../../services/shared/log/partition-key.ts';
import type { LogRecord, TopicPartition } from '../../../services/shared/log/port.ts';
import type { Broker } from './broker.ts';
import type { Machine } from './machine.ts';

/** What was archived of each partition: its records from the first one up to an offset. */
export interface Archive {
  /** Archives what the log holds below an offset. */
  extend(at: TopicPartition, to: number): void;
  end(at: TopicPartition): number;
}

const OBJECT = 9;

export function createArchive(): Archive {
  const ends = new Map<string, number>();
  const end = (at: TopicPartition): number => ends.get(keyOf(at)) ?? 0;
  return {
    extend: (at, to) => void ends.set(keyOf(at), Math.max(end(at), to)),
    end,
  };
}

function passes({ since, until, keys }: HistoryFilter, { key, timestamp }: LogRecord): boolean {
  if (timestamp < (since ?? 0) || timestamp >= (until ?? Number.POSITIVE_INFINITY)) return false;
  return keys === undefined || (key !== null && keys.has(key.toString()));
}

/** Archive, then log, as one process of the world reads them. */
export function createProcessHistory(machine: Machine, broker: Broker, archive: Archive): History {
  /** The next archived object, or null when the log is to be read from `from` on. */
  const nextObject = (at: TopicPartition, from: number): readonly LogRecord[] | null => {
    const { start, end } = broker.bounds(at);
    if (from >= start && from <= end) return null;
    const archived = broker.all(at).filter(({ offset }) => offset >= from && offset < archive.end(at));
    if (archived.length > 0) return archived.slice(0, OBJECT);
    // No record has the offsets in between.
    if (start <= archive.end(at) && from < start) return [];
    throw new LecternError(
      'HISTORY_GAP',
      `offsets ${from} to ${start - 1} are neither archived nor in the log`,
    );
  };

  async function* archived(at: TopicPartition, from: number): AsyncIterable<readonly LogRecord[]> {
    for (let next = from; ; ) {
      const position = next;
      const object = await machine.call(() => nextObject(at, position));
      if (object === null || object.length === 0) return;
      yield object;
      next = object.at(-1)!.offset + 1;
    }
  }

  return {
    start: (at) => machine.call(() => (archive.end(at) > 0 ? 0 : broker.bounds(at).start)),
    // Its topics are never made again.
    conflict: async () => null,
    archived,
    async *read({ from, to, ...at }, filter = {}) {
      const all = await machine.call(() => broker.all(at));
      const found = all.filter(
        (record) => record.offset >= from && record.offset < to && passes(filter, record),
      );
      if (found.length > 0) yield found;
    },
  };
}
