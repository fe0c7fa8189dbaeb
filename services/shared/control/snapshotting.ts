import type { Clock } from '../clock.ts';
import { LecternError, messageOf } from '../errors.ts';
import type { History } from '../history/port.ts';
import type { EventLog, LogRecord } from '../log/port.ts';
import type { Logger } from '../logger.ts';
import { sleepUntil } from '../sleep-until.ts';
import type { Decided } from './decided.ts';
import { hashOf, type Snapshot } from './snapshot.ts';
import type { Snapshots } from './snapshots.ts';

export interface SnapshottingDeps {
  readonly snapshots: Snapshots;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly history: Pick<History, 'read'>;
  readonly topic: string;
  readonly decided: Pick<Decided, 'copy' | 'restore' | 'verdicts'>;
  readonly clock: Pick<Clock, 'every'>;
  readonly logger: Logger;
  /** How many records are taken between two snapshots; more, where so many verdicts are written down each time. */
  readonly every?: number;
}

/** Lets a process go on from a snapshot, and makes new ones as the topic grows. */
export interface Snapshotting {
  /**
   * Takes in the newest snapshot and gives the offset to read from; null when there is none, or the archive does not
   * answer. Rejects with UNIT_STOPPED when the topic is not the one that the snapshot was made of.
   */
  restore(): Promise<number | null>;
  /** A record was taken in. */
  taken(record: LogRecord): void;
  /** Makes no more; resolves when none is being made. */
  close(): Promise<void>;
}

const EVERY = 10_000;
/** Of the records between two snapshots, how many more are waited for after one that failed. */
const SHARE_AFTER_FAILURE = 0.1;
/** Every process finds at the same record that one is due; who waits longest finds it made. */
const WAIT_MS = { shortest: 500, more: 10_000 };

export function createSnapshotting(deps: SnapshottingDeps): Snapshotting {
  const { snapshots, history, topic, decided, logger } = deps;
  const every = (): number => Math.max(deps.every ?? EVERY, decided.verdicts);
  let last: LogRecord | null = null;
  let taken = 0;
  let due = every();
  let making: Promise<void> | null = null;
  let closed = false;
  let endWait = (): void => undefined;
  const closing = new Promise<void>((resolve) => {
    endWait = resolve;
  });

  const recordBefore = async (position: number): Promise<LogRecord | null> => {
    const range = { topic, partition: 0, from: position - 1, to: position };
    try {
      for await (const [record] of history.read(range)) return record!;
    } catch (error) {
      if (!(error instanceof LecternError) || error.code !== 'HISTORY_GAP') throw error;
      logger.warn({ topic, position }, 'nothing shows that a snapshot is of this topic; it is believed');
    }
    return null;
  };

  const check = async ({ position, hash }: Snapshot): Promise<void> => {
    const [range] = await deps.log.offsets(topic);
    const end = range?.end ?? 0;
    const remedy = 'Bring the old topic back, or start every service again in a new namespace';
    if (position > end)
      throw new LecternError(
        'UNIT_STOPPED',
        `${topic} ends at offset ${end}, but it was read up to ${position}: it was made anew under its old name. ${remedy}`,
      );
    const record = await recordBefore(position);
    if (record !== null && hashOf(record) !== hash)
      throw new LecternError(
        'UNIT_STOPPED',
        `${topic} has another record at offset ${record.offset} than it had: it was made anew under its old name. ${remedy}`,
      );
  };

  const newest = async (): Promise<Snapshot | null> => {
    try {
      return await snapshots.newest();
    } catch (error) {
      logger.warn({ topic, error: messageOf(error) }, 'no snapshot can be had, so the topic is read whole');
      return null;
    }
  };

  const make = async (): Promise<void> => {
    await sleepUntil(deps.clock, WAIT_MS.shortest + Math.random() * WAIT_MS.more, closing);
    if (closed) return;
    try {
      const before = await snapshots.newestPosition();
      // Together, without a turn in between: the decisions are those of the records below the position.
      const position = last!.offset + 1;
      const missing = position - before;
      if (missing < every() / 2) due = taken - missing + every();
      else {
        due = taken + every();
        await snapshots.put({ position, hash: hashOf(last!), ...decided.copy() });
      }
    } catch (error) {
      due = taken + every() * SHARE_AFTER_FAILURE;
      logger.warn({ topic, error: messageOf(error) }, 'no snapshot can be made yet');
    }
  };

  return {
    async restore() {
      const snapshot = await newest();
      if (snapshot === null) return null;
      await check(snapshot);
      decided.restore(snapshot);
      due = every();
      return snapshot.position;
    },
    taken(record) {
      last = record;
      taken += 1;
      if (taken < due || making !== null || closed) return;
      making = make().finally(() => {
        making = null;
      });
    },
    async close() {
      closed = true;
      endWait();
      await making;
    },
  };
}
