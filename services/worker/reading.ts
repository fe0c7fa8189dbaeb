import { LecternError, messageOf } from '../shared/errors.ts';
import type { History } from '../shared/history/port.ts';
import type { Batch, EventLog, GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { ClaimedUnit } from './claimed-unit.ts';

export interface ReadingDeps {
  readonly at: TopicPartition;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly history: Pick<History, 'archived'>;
  readonly consumer: Pick<GroupConsumer, 'start'>;
  readonly logger: Logger;
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
}

/** Brings a unit its records: out of the archive as long as the log does not reach back so far, then from the log. */
export interface Reading {
  begin(of: ReadingOf): Promise<void>;
  /** Whether a batch leaves out records that expired. A gap is harmless where the log uses offsets itself. */
  hasHole(expected: number, batch: Batch): Promise<boolean>;
}

export function createReading(deps: ReadingDeps): Reading {
  const { at, consumer, logger } = deps;

  const logStart = async (): Promise<number> =>
    (await deps.log.offsets(at.topic)).find(({ partition }) => partition === at.partition)?.start ?? 0;

  /** Resolves to where the log is to be read from. */
  const readArchive = async ({ from, wanted, take }: ReadingOf): Promise<number> => {
    let next = from;
    for await (const records of deps.history.archived(at, from)) {
      if (!wanted()) break;
      next = records.at(-1)!.offset + 1;
      await take({ ...at, records, endOffset: Number.POSITIVE_INFINITY });
    }
    return next;
  };

  /** What lies before the position would only have told which of the next records are duplicates. */
  const goOnWithout = async (
    { target, stop, lose }: ReadingOf,
    gap: LecternError,
  ): Promise<number | null> => {
    try {
      const start = await logStart();
      if (start > target.position) {
        stop(gap.message);
        return null;
      }
      logger.warn({ error: gap.message }, 'the records before the position cannot be read back');
      target.skipReadBack();
      return Math.max(target.expects, start);
    } catch (error) {
      lose(messageOf(error));
      return null;
    }
  };

  const codeOf = (error: unknown): string => (error instanceof LecternError ? error.code : '');

  /** What becomes of a reading that failed: where to go on in the log, if anywhere. */
  const recover = async (of: ReadingOf, error: unknown): Promise<number | null> => {
    if (codeOf(error) === 'HISTORY_GAP') return goOnWithout(of, error as LecternError);
    if (codeOf(error) === 'ARCHIVE_BROKEN') of.stop(messageOf(error));
    else of.lose(messageOf(error));
    return null;
  };

  return {
    async begin(of) {
      const next = await readArchive(of).catch((error: unknown) => (of.wanted() ? recover(of, error) : null));
      if (next !== null && of.wanted()) consumer.start(at, next);
    },
    hasHole: async (expected, batch) => batch.records[0]!.offset > expected && (await logStart()) > expected,
  };
}
