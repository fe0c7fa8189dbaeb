import { setTimeout as sleep } from 'node:timers/promises';
import { type LecternError, messageOf } from '../shared/errors.ts';
import type { OutgoingRecord, Producer } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { GatewayLimits } from './limits.ts';
import { type Group, refuse, settle } from './publisher-group.ts';
import { isRefusedForGood } from './refused-for-good.ts';

export interface Entry {
  readonly record: OutgoingRecord;
  readonly bytes: number;
  readonly since: number;
  readonly group: Group;
}

/** The records of one topic on their way to the log, in order: one send at a time, repeated as it was until it succeeds. */
export interface Lane {
  add(entry: Entry): void;
  /** Takes out what no attempt was made for. */
  drop(group: Group): readonly Entry[];
  /** The one that has been waiting longest. */
  oldest(): Entry | undefined;
  /** Stops waiting for more before it sends; resolves when it has nothing left. */
  finish(): Promise<void>;
  /** Makes no attempt any more, and returns what was not durable. */
  giveUp(): readonly Entry[];
}

export interface LaneDeps {
  readonly producer: Pick<Producer, 'send'>;
  readonly limits: Pick<GatewayLimits, 'batchBytes' | 'lingerMs' | 'retryMinMs' | 'retryMaxMs'>;
  readonly logger: Logger;
  readonly onAttempt: (kept: boolean) => void;
  /** Called with what was durable, or refused for good, after their groups were told. */
  readonly onDone: (entries: readonly Entry[]) => void;
}

export function createLane(deps: LaneDeps): Lane {
  const { producer, limits, logger } = deps;
  let queue: Entry[] = [];
  let sending: readonly Entry[] = [];
  let running: Promise<void> | undefined;
  const finishing = new AbortController();
  const givenUp = new AbortController();

  function takeBatch(): Entry[] {
    let count = 0;
    for (let size = 0; count < queue.length; count++) {
      size += queue[count]!.bytes;
      if (count > 0 && size > limits.batchBytes) break;
    }
    return queue.splice(0, count);
  }

  async function attempt(number: number): Promise<'kept' | 'failed' | LecternError> {
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
      return isRefusedForGood(error) ? error : 'failed';
    }
  }

  /** Exponential, with half of it random, so that gateways do not come back all at once. */
  async function backOff(number: number): Promise<void> {
    const ceilingMs = Math.min(limits.retryMaxMs, limits.retryMinMs * 2 ** Math.min(number - 1, 30));
    const delayMs = ceilingMs * (0.5 + Math.random() / 2);
    await sleep(delayMs, undefined, { signal: givenUp.signal }).catch(() => undefined);
  }

  /** The events that were being sent are no more, one way or the other. */
  function finish(refusal: LecternError | null): void {
    const done = sending;
    sending = [];
    for (const { group, record } of done) {
      if (refusal !== null) refuse(group, record, refusal);
      settle(group, 1);
    }
    deps.onDone(done);
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
      if (outcome === 'kept') finish(null);
      else if (outcome === 'failed') await backOff(number);
      else if (sending.length === 1) {
        logger.error(
          { error: outcome.message },
          'the log refused an event for good; it was not acknowledged',
        );
        finish(outcome);
      } else narrow();
    }
  }

  async function run(): Promise<void> {
    await sleep(limits.lingerMs, undefined, { signal: finishing.signal }).catch(() => undefined);
    while (queue.length > 0 && !givenUp.signal.aborted) {
      sending = takeBatch();
      await sendUntilKept();
    }
    running = undefined;
  }

  return {
    add(entry) {
      queue.push(entry);
      running ??= run();
    },
    drop(group) {
      const dropped = queue.filter((entry) => entry.group === group);
      if (dropped.length > 0) queue = queue.filter((entry) => entry.group !== group);
      return dropped;
    },
    oldest: () => sending[0] ?? queue[0],
    async finish() {
      finishing.abort();
      await running;
    },
    giveUp() {
      givenUp.abort();
      const lost = [...sending, ...queue];
      sending = [];
      queue = [];
      return lost;
    },
  };
}
