import type { Clock } from '../shared/clock.ts';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { OutgoingRecord, Producer } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';

export interface RekeyPublisherDeps {
  readonly producer: Pick<Producer, 'send'>;
  readonly topic: string;
  readonly clock: Pick<Clock, 'sleep' | 'every'>;
  readonly logger: Logger;
  /** Told what is waited for, now and then while a batch takes long; null when it is there after all. */
  readonly waits: (what: string | null) => void;
}

/** Publishes the records of one source partition under one claim. */
export interface RekeyPublisher {
  /**
   * Takes the records of the event at an offset, which are above all that were taken before. Gives a promise when more
   * wait than may: the next event must wait for it. It rejects, as `acknowledged` does, when a record cannot be published.
   */
  take(offset: number, records: readonly OutgoingRecord[]): Promise<void> | undefined;
  /** Resolves when every record of the events below an offset is in the topic. */
  acknowledged(below: number): Promise<void>;
  /** Sends nothing more; whoever waits is rejected. */
  close(): void;
}

/** What may wait, and what one send holds; one event may go beyond either. */
const MAX_WAITING = 4_000;
const MAX_WAITING_BYTES = 4 * 1_048_576;
const MAX_BATCH = 1_000;
const MAX_BATCH_BYTES = 512 * 1_024;

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** Of sends that were refused, each with a wait of its own: some fifteen seconds. */
const MAX_ATTEMPTS = 10;
const TELL_EVERY_MS = 10_000;

interface Waiting {
  readonly offset: number;
  readonly record: OutgoingRecord;
  readonly bytes: number;
}

interface Waiter {
  readonly isOver: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const sizeOf = ({ key, value }: OutgoingRecord): number => key.length + value.length;

/**
 * One batch is in flight, and the next is sent when it is acknowledged: so of each partition the topic holds what was
 * taken in its order and without gaps, wherever this stops. A send that failed is repeated as it was; what it leaves
 * there twice is known by its origin.
 *
 * A send that is not answered is waited for, however long: a producer repeats it until the log answers, and nobody knows
 * meanwhile whether it is there. To give the claim up would help nothing, as the next one would publish the same, in the
 * same order and behind it. No checkpoint passes it, so whoever claims the unit meanwhile publishes it too, and of the two
 * the one that comes second is dropped where it is folded.
 */
export function createRekeyPublisher(deps: RekeyPublisherDeps): RekeyPublisher {
  const { producer, clock, logger } = deps;
  /** Not acknowledged, in order; those in flight first. */
  let queue: Waiting[] = [];
  let bytes = 0;
  let waiters: Waiter[] = [];
  let failure: Error | null = null;
  let isRunning = false;

  const isFull = (): boolean => queue.length > MAX_WAITING || bytes > MAX_WAITING_BYTES;

  const wake = (): void => {
    const [over, others] = [waiters, [] as Waiter[]];
    waiters = others;
    for (const waiter of over) {
      if (failure !== null) waiter.reject(failure);
      else if (waiter.isOver()) waiter.resolve();
      else others.push(waiter);
    }
  };

  const fail = (error: Error): void => {
    failure ??= error;
    queue = [];
    bytes = 0;
    wake();
  };

  const until = (isOver: () => boolean): Promise<void> => {
    if (failure !== null) return Promise.reject(failure);
    if (isOver()) return Promise.resolve();
    return new Promise((resolve, reject) => waiters.push({ isOver, resolve, reject }));
  };

  const nextBatch = (): readonly Waiting[] => {
    let size = 0;
    let count = 0;
    while (count < queue.length && count < MAX_BATCH) {
      size += queue[count]!.bytes;
      if (count > 0 && size > MAX_BATCH_BYTES) break;
      count += 1;
    }
    return queue.slice(0, count);
  };

  /** Resolves when the batch is there, or nothing is to be sent any more. */
  const send = async (batch: readonly Waiting[]): Promise<void> => {
    let wait = FIRST_WAIT_MS;
    for (let attempt = 1; failure === null; attempt++) {
      try {
        await producer.send(batch.map(({ record }) => record));
        return;
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error;
        logger.warn({ error: messageOf(error) }, 'events cannot be published under their other keys yet');
        await clock.sleep(wait);
        wait = Math.min(2 * wait, LONGEST_WAIT_MS);
      }
    }
  };

  /** The same, and people can see it when it takes long. */
  const sendSeen = async (batch: readonly Waiting[]): Promise<void> => {
    let told = false;
    const end = clock.every(TELL_EVERY_MS, () => {
      if (failure !== null) return;
      told = true;
      deps.waits(`waits until ${deps.topic} has its events under their other keys: the log does not answer`);
    });
    await send(batch).finally(end);
    if (told && failure === null) deps.waits(null);
  };

  const run = async (): Promise<void> => {
    isRunning = true;
    // Folding goes on without a turn of the event loop, so that what it takes meanwhile is one batch.
    await null;
    try {
      while (queue.length > 0) {
        const batch = nextBatch();
        await sendSeen(batch);
        if (failure !== null) return;
        queue = queue.slice(batch.length);
        for (const sent of batch) bytes -= sent.bytes;
        wake();
      }
    } catch (error) {
      fail(
        new LecternError(
          'LOG_UNAVAILABLE',
          `events cannot be published under their other keys: ${messageOf(error)}`,
          { cause: error, retriable: true },
        ),
      );
    } finally {
      isRunning = false;
    }
  };

  return {
    take(offset, records) {
      if (failure !== null) return Promise.reject(failure);
      for (const record of records) {
        const size = sizeOf(record);
        queue.push({ offset, record, bytes: size });
        bytes += size;
      }
      if (!isRunning && queue.length > 0) void run();
      return isFull() ? until(() => !isFull()) : undefined;
    },
    acknowledged: (below) => until(() => queue.length === 0 || queue[0]!.offset >= below),
    close: () => fail(new LecternError('CLOSED', 'the claim that published is over')),
  };
}
