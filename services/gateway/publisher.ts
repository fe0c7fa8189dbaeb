import { setTimeout as sleep } from 'node:timers/promises';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { OutgoingRecord, Producer } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { GatewayLimits } from './limits.ts';

/** Records that were taken together. */
export interface Ticket {
  /** Resolves when the log has made them durable, all but those cancelled; rejects with CLOSED when it will not try again. */
  readonly kept: Promise<void>;
  /** Drops those that no attempt was made for, when nobody waits for them any more, and returns them. */
  cancel(): readonly OutgoingRecord[];
}

export interface QueueState {
  readonly bytes: number;
  readonly events: number;
  /** How long the oldest one has been waiting; 0 when none does. */
  readonly oldestWaitMs: number;
}

/**
 * Turns single events into large sends.
 *
 * Promises: records of one key are appended in the order they were given, through failed sends too, because there is
 * one send at a time and a failed one is repeated as it was until it succeeds. A repeat may append a record twice, with
 * the same id. A crash loses what is queued, none of which was acknowledged.
 */
export interface Publisher {
  /** Takes all the records or, when the queue's last reserve is used up or it was stopped, none: null. */
  publish(records: readonly OutgoingRecord[]): Ticket | null;
  /** The queue has reached its limit and not yet halved since: nothing more should be read. */
  isFull(): boolean;
  state(): QueueState;
  /** Takes nothing more, and resolves when the queue is empty or, after `deadlineMs`, given up. */
  stop(deadlineMs: number): Promise<void>;
}

export interface PublisherDeps {
  readonly producer: Pick<Producer, 'send'>;
  readonly limits: Pick<
    GatewayLimits,
    'queueBytes' | 'queueEvents' | 'batchBytes' | 'lingerMs' | 'retryMinMs' | 'retryMaxMs'
  >;
  readonly logger: Logger;
  /** Milliseconds of a clock that never steps back. */
  readonly clockMs: () => number;
  /** Called when the queue became full, and when it has room again. */
  readonly onFull: (full: boolean) => void;
  readonly onAttempt: (kept: boolean) => void;
}

interface Group {
  left: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Entry {
  readonly record: OutgoingRecord;
  readonly bytes: number;
  readonly since: number;
  readonly group: Group;
}

const RECORD_OVERHEAD_BYTES = 100;
const RESERVE = 2;

function sizeOf(record: OutgoingRecord): number {
  return record.value.length + record.key.length + RECORD_OVERHEAD_BYTES;
}

export function createPublisher(deps: PublisherDeps): Publisher {
  const { producer, limits, logger, clockMs } = deps;
  let queue: Entry[] = [];
  let sending: readonly Entry[] = [];
  let bytes = 0;
  let full = false;
  let running: Promise<void> | undefined;
  const stopping = new AbortController();
  const givenUp = new AbortController();

  function release(entries: readonly Entry[]): void {
    for (const entry of entries) bytes -= entry.bytes;
    const events = queue.length + sending.length;
    if (full && bytes <= limits.queueBytes / 2 && events <= limits.queueEvents / 2) {
      full = false;
      deps.onFull(false);
    }
  }

  function takeBatch(): Entry[] {
    let count = 0;
    for (let size = 0; count < queue.length; count++) {
      size += queue[count]!.bytes;
      if (count > 0 && size > limits.batchBytes) break;
    }
    return queue.splice(0, count);
  }

  async function attempt(number: number): Promise<'kept' | 'failed' | Error> {
    try {
      await producer.send(sending.map((entry) => entry.record));
      deps.onAttempt(true);
      return 'kept';
    } catch (error) {
      deps.onAttempt(false);
      logger.warn(
        { attempt: number, events: sending.length, error: messageOf(error) },
        'the log did not take events; they are kept and sent again',
      );
      return error instanceof LecternError && !error.retriable ? error : 'failed';
    }
  }

  /** Exponential, with half of it random, so that gateways do not come back all at once. */
  async function backOff(number: number): Promise<void> {
    const ceilingMs = Math.min(limits.retryMaxMs, limits.retryMinMs * 2 ** Math.min(number - 1, 30));
    const delayMs = ceilingMs * (0.5 + Math.random() / 2);
    await sleep(delayMs, undefined, { signal: givenUp.signal }).catch(() => undefined);
  }

  /** The events that were being sent are no more, one way or the other. */
  function finish(settle: (group: Group) => void): void {
    const done = sending;
    sending = [];
    for (const { group } of done) settle(group);
    release(done);
  }

  /** Halves a send that the log will never take, until the event that is to blame stands alone. */
  function narrow(): void {
    const half = Math.ceil(sending.length / 2);
    queue.unshift(...sending.slice(half));
    sending = sending.slice(0, half);
  }

  async function sendUntilKept(): Promise<void> {
    for (let number = 1; sending.length > 0 && !givenUp.signal.aborted; number++) {
      const outcome = await attempt(number);
      if (outcome === 'kept') {
        finish((group) => {
          group.left -= 1;
          if (group.left === 0) group.resolve();
        });
      } else if (outcome === 'failed') await backOff(number);
      else if (sending.length === 1) {
        logger.error(
          { error: outcome.message },
          'the log refused an event for good; it was not acknowledged',
        );
        finish((group) => group.reject(outcome));
      } else narrow();
    }
  }

  async function run(): Promise<void> {
    await sleep(limits.lingerMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    while (queue.length > 0 && !givenUp.signal.aborted) {
      sending = takeBatch();
      await sendUntilKept();
    }
    running = undefined;
  }

  function giveUp(): void {
    givenUp.abort();
    const lost = [...sending, ...queue];
    sending = [];
    queue = [];
    if (lost.length > 0)
      logger.error({ events: lost.length }, 'stopped before the log took all events; none was acknowledged');
    const error = new LecternError('CLOSED', 'the gateway stopped before the log took the event', {
      retriable: true,
    });
    for (const { group } of lost) group.reject(error);
    release(lost);
  }

  function publish(records: readonly OutgoingRecord[]): Ticket | null {
    const added = records.reduce((sum, record) => sum + sizeOf(record), 0);
    const events = queue.length + sending.length + records.length;
    if (stopping.signal.aborted || bytes + added > limits.queueBytes * RESERVE) return null;
    if (events > limits.queueEvents * RESERVE) return null;
    if (records.length === 0) return { kept: Promise.resolve(), cancel: () => [] };
    const { promise, group } = createGroup(records.length);
    const since = clockMs();
    for (const record of records) queue.push({ record, bytes: sizeOf(record), since, group });
    bytes += added;
    if (!full && (bytes >= limits.queueBytes || events >= limits.queueEvents)) {
      full = true;
      deps.onFull(true);
    }
    running ??= run();
    return {
      kept: promise,
      cancel() {
        const dropped = queue.filter((entry) => entry.group === group);
        queue = queue.filter((entry) => entry.group !== group);
        group.left -= dropped.length;
        if (dropped.length > 0 && group.left === 0) group.resolve();
        release(dropped);
        return dropped.map((entry) => entry.record);
      },
    };
  }

  return {
    publish,
    isFull: () => full,
    state() {
      const oldest = sending[0] ?? queue[0];
      return {
        bytes,
        events: queue.length + sending.length,
        oldestWaitMs: oldest === undefined ? 0 : clockMs() - oldest.since,
      };
    },
    async stop(deadlineMs) {
      stopping.abort();
      const deadline = setTimeout(giveUp, deadlineMs);
      const gone = new Promise<void>((resolve) => givenUp.signal.addEventListener('abort', () => resolve()));
      await Promise.race([running, gone]);
      clearTimeout(deadline);
    },
  };
}

function createGroup(left: number): { promise: Promise<void>; group: Group } {
  let settle: Pick<Group, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever does not wait must not end the process with an unhandled rejection.
  promise.catch(() => undefined);
  return { promise, group: { left, ...settle! } };
}
