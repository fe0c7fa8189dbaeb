import { LecternError, messageOf } from '../shared/errors.ts';
import type { History } from '../shared/history/port.ts';
import type { Batch, EventLog, GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { ClaimedUnit } from './claimed-unit.ts';

export interface ReadingDeps {
  readonly at: TopicPartition;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly history: Pick<History, 'archived'>;
  readonly consumer: Pick<GroupConsumer, 'start'>;
}

/** One reading of a claimed unit's records, for as long as `wanted` says so. */
export interface ReadingOf {
  readonly target: ClaimedUnit;
  readonly from: number;
  readonly wanted: () => boolean;
  /** Folds a batch out of the archive. */
  readonly take: (batch: Batch) => Promise<void>;
  readonly stop: (reason: string) => void;
  readonly lose: (because: string) => void;
  /** See `Waiter`. */
  readonly waits: (what: string | null) => void;
}

/** Brings a unit its records: out of the archive as long as the log does not reach back so far, then from the log. */
export interface Reading {
  begin(of: ReadingOf): Promise<void>;
  /** Whether a batch leaves out records that expired. A gap is harmless where the log uses offsets itself. */
  hasHole(expected: number, batch: Batch): Promise<boolean>;
}

export function createReading(deps: ReadingDeps): Reading {
  const { at, consumer } = deps;

  const logStart = async (): Promise<number> =>
    (await deps.log.offsets(at.topic)).find(({ partition }) => partition === at.partition)?.start ?? 0;

  /** Resolves to where the log is to be read from. */
  const readArchive = async (of: ReadingOf, from: number): Promise<number> => {
    const { wanted, take } = of;
    let next = from;
    for await (const records of deps.history.archived(at, from, of)) {
      if (!wanted()) break;
      next = records.at(-1)!.offset + 1;
      await take({ ...at, records, endOffset: Number.POSITIVE_INFINITY });
      // At once: others may wait for the room that it takes.
      if (!wanted()) break;
    }
    return next;
  };

  const codeOf = (error: unknown): string => (error instanceof LecternError ? error.code : '');

  /**
   * What lies before the position is needed as much as what follows: without it, a duplicate of what it holds would be
   * folded. So a gap there stops the unit like any other.
   */
  const fail = ({ stop, lose }: ReadingOf, error: unknown): null => {
    if (['HISTORY_GAP', 'ARCHIVE_BROKEN'].includes(codeOf(error))) stop(messageOf(error));
    else lose(messageOf(error));
    return null;
  };

  /** Where to read the log from, once everything before it is through; null when it is not to be read. */
  const readUpToLog = async (of: ReadingOf, from: number): Promise<number | null> => {
    try {
      return await readArchive(of, from);
    } catch (error) {
      if (!of.wanted()) return null;
      // A record that was only to be looked at again may have expired meanwhile.
      const after = codeOf(error) === 'HISTORY_GAP' ? of.target.resumeAfter() : null;
      return after === null ? fail(of, error) : readUpToLog(of, after);
    }
  };

  return {
    async begin(of) {
      const next = await readUpToLog(of, of.from);
      if (next !== null && of.wanted()) consumer.start(at, next);
    },
    hasHole: async (expected, batch) => batch.records[0]!.offset > expected && (await logStart()) > expected,
  };
}
