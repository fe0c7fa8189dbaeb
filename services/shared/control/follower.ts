import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { LecternError, messageOf } from '../errors.ts';
import type { History } from '../history/port.ts';
import type { EventLog, LogRecord } from '../log/port.ts';
import type { Logger } from '../logger.ts';
import { sleepUntil } from '../sleep-until.ts';

export interface FollowerDeps {
  readonly log: Pick<EventLog, 'offsets' | 'createConsumer'>;
  readonly history: Pick<History, 'start' | 'archived'>;
  readonly topic: string;
  readonly logger: Logger;
  readonly clock: Pick<Clock, 'every'>;
  /** Called for each record, in order, once. Must not throw. */
  readonly take: (record: LogRecord) => void;
  /** Asked once, before anything is read: the offset to begin at, when what stands before it is known; else null. */
  readonly restore?: () => Promise<number | null>;
}

/**
 * Reads a topic of one partition from its very first record on, or from what is known of it already, and goes on reading
 * what is appended. Where it no longer has its first record nothing is read: `reached` rejects with UNIT_STOPPED.
 */
export interface Follower {
  /** Begins to read, if that has not begun. */
  start(): void;
  /**
   * Resolves when every record below `offset` was taken. Rejects when reading fails meanwhile; it begins again by itself,
   * so the question may be asked again.
   */
  reached(offset: number): Promise<void>;
  close(): Promise<void>;
}

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** One standing consumer, in a group of its own: joining a group for each question would take seconds. */
export function createFollower(deps: FollowerDeps): Follower {
  const { log, history, topic, logger } = deps;
  const at = { topic, partition: 0 };
  let position: number | null = null;
  let waiters: Waiter[] = [];
  let isStarted = false;
  /** The consumer of the moment, until it is stopped. */
  let reading: Promise<void> = Promise.resolve();
  let closed = false;
  let endSession = (): void => undefined;
  let failures = 0;
  let endWait = (): void => undefined;
  const closing = new Promise<void>((resolve) => {
    endWait = resolve;
  });

  const closedError = (): LecternError => new LecternError('CLOSED', `${topic} is not followed any more`);

  const advance = (next: number): void => {
    position = Math.max(position ?? 0, next);
    failures = 0;
    const reachedNow = position;
    const done = waiters.filter(({ offset }) => offset <= reachedNow);
    if (done.length === 0) return;
    waiters = waiters.filter(({ offset }) => offset > reachedNow);
    for (const { resolve } of done) resolve();
  };
  const takeAll = (records: readonly LogRecord[]): void => {
    for (const record of records) if (record.offset >= (position ?? 0)) deps.take(record);
    advance(records.at(-1)!.offset + 1);
  };
  const bounds = async (): Promise<{ readonly start: number; readonly end: number }> =>
    (await log.offsets(topic)).find(({ partition }) => partition === 0) ?? { start: 0, end: 0 };

  const begin = async (): Promise<number> => {
    const restored = (await deps.restore?.()) ?? null;
    if (restored !== null) return restored;
    const start = await history.start(at);
    if (start === 0) return start;
    // What is folded again without the verdicts that stood there would differ from what it was.
    throw new LecternError(
      'UNIT_STOPPED',
      `offsets 0 to ${start - 1} of ${topic} are neither in the log nor in the archive, so it is not known which events ` +
        'were left out, and which modules paused: restore the archive objects that held them (events/source=_control/), ' +
        `or a snapshot (control/${topic}/), and it goes on by itself; or start every service again in a new namespace`,
    );
  };

  /** What the log does not hold any more. */
  const readArchived = async (): Promise<void> => {
    const from = position ?? (await begin());
    if (position === null) advance(from);
    for await (const records of history.archived(at, from)) {
      if (closed) return;
      takeAll(records);
    }
    const { end } = await bounds();
    if (position! > end)
      throw new LecternError(
        'UNIT_STOPPED',
        `${topic} ends at offset ${end}, but it was read up to ${position}: it was made anew under its old name. ` +
          'Bring the old topic back, or start every service again in a new namespace',
      );
  };

  /** Until the log loses the position, the consumer fails or nobody follows any more. */
  const readLog = async (): Promise<void> => {
    if (closed) return;
    const consumer = log.createConsumer({
      groupId: `${topic}.${randomUUID()}`,
      topics: [topic],
      alone: true,
    });
    try {
      await new Promise<void>((resolve, reject) => {
        endSession = resolve;
        const run = consumer.run({
          assigned: (given) => {
            if (given.some(({ partition }) => partition === 0)) consumer.start(at, position ?? 0);
          },
          revoked: () => undefined,
          async batch({ records }) {
            // A jump over records that expired is not taken: they are read out of the archive first.
            if (records[0]!.offset > position!) {
              const start = await bounds().then(
                (range) => range.start,
                () => Number.POSITIVE_INFINITY,
              );
              if (start > position!) return resolve();
            }
            takeAll(records);
          },
          caughtUp: (_, endOffset) => advance(endOffset),
          outOfRange: () => resolve(),
          failed: reject,
        });
        run.catch(reject);
        if (closed) resolve();
      });
    } finally {
      await consumer.stop();
    }
  };

  const failWaiters = (error: Error): void => {
    const told = waiters;
    waiters = [];
    for (const { reject } of told) reject(error);
  };

  const failed = async (cause: unknown): Promise<void> => {
    if (closed) return;
    const error = cause instanceof Error ? cause : new Error(messageOf(cause));
    // A service that starts makes its topics, a moment later perhaps.
    const isMissing = error instanceof LecternError && error.code === 'UNKNOWN_TOPIC';
    logger[isMissing ? 'debug' : 'warn'](
      { topic, error: error.message },
      'the topic cannot be followed; trying again',
    );
    failWaiters(error);
    const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures, 10), LONGEST_WAIT_MS);
    failures += 1;
    await sleepUntil(deps.clock, wait, closing);
  };

  const follow = async (): Promise<void> => {
    while (!closed)
      await readArchived()
        .then(() => {
          reading = readLog();
          return reading;
        })
        .catch(failed);
  };

  const start = (): void => {
    if (closed || isStarted) return;
    isStarted = true;
    void follow();
  };

  return {
    start,
    async reached(offset) {
      if (closed) throw closedError();
      start();
      if (position !== null && position >= offset) return;
      await new Promise<void>((resolve, reject) => waiters.push({ offset, resolve, reject }));
    },
    async close() {
      closed = true;
      endWait();
      endSession();
      failWaiters(closedError());
      await reading.catch(() => undefined);
    },
  };
}
