import { systemClock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { sleepUntil } from '../sleep-until.ts';
import { createStickyAssigner } from './kafka-assigner.ts';
import { isOutage } from './kafka-faults.ts';
import { createTopicIdentity } from './kafka-identity.ts';
import { createKafkaSession } from './kafka-session.ts';
import type { KafkaSession, KafkaSessionDeps } from './kafka-session-port.ts';
import type { ConsumerHandlers, GroupConsumer } from './port.ts';

export interface KafkaConsumerDeps
  extends Omit<KafkaSessionDeps, 'sticky' | 'identity' | 'handlers' | 'ended' | 'stuckMs' | 'batchMs'> {
  readonly stuckMs?: number | undefined;
}

/** A partition that gets nothing for longer is not slow but stuck. */
const STUCK_MS = 60_000;
/** And a batch that does not get on. The longest step is one call of a reducer, whose budget is below half of it. */
const BATCH_MS = 120_000;
/** How often a member begins anew, without getting on in between, for what waiting alone will not mend. */
const MAX_RESTARTS = 5;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * A member of a group that begins anew, as another member, whenever kafkajs crashed or hangs: with growing breaks, for
 * as long as Kafka is away, and a few times for anything else; then it has failed.
 */
export function createKafkaConsumer(deps: KafkaConsumerDeps): GroupConsumer {
  const { groupId, logger } = deps;
  const batchMs = deps.stuckMs ?? Math.max(BATCH_MS, 2 * deps.sessionTimeoutMs);
  const [sticky, identity] = [createStickyAssigner(), createTopicIdentity()];
  let session: KafkaSession | null = null;
  let given: ConsumerHandlers | undefined;
  let restarts = 0;
  let waitMs = FIRST_WAIT_MS;
  let restarting = Promise.resolve();
  let endWait = (): void => undefined;
  let stopped = false;
  let endSettling = (): void => undefined;
  const stopping = new Promise<void>((resolve) => {
    endSettling = resolve;
  });

  const gotOn = (): void => {
    restarts = 0;
    waitMs = FIRST_WAIT_MS;
  };

  const create = (handlers: ConsumerHandlers): KafkaSession => {
    const created: KafkaSession = createKafkaSession({
      ...deps,
      stuckMs: deps.stuckMs ?? STUCK_MS,
      batchMs,
      sticky,
      identity,
      handlers: {
        ...handlers,
        async batch(batch) {
          await handlers.batch(batch);
          gotOn();
        },
        caughtUp(at, endOffset) {
          gotOn();
          handlers.caughtUp(at, endOffset);
        },
      },
      ended: (error) => ended(created, error),
    });
    return created;
  };

  const pause = async (): Promise<void> => {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      endWait = resolve;
      timer = setTimeout(resolve, waitMs * (0.5 + Math.random()));
    });
    clearTimeout(timer);
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  };

  const failInHand = ({ failed }: ConsumerHandlers): void =>
    failed(
      new Error(
        `the consumer of ${deps.topics.join(', ')} cannot begin anew: a batch hangs that it was given before`,
      ),
    );

  const begin = async (before: KafkaSession): Promise<void> => {
    await before.stop();
    // Batches of a partition must not overlap, of different sessions neither.
    let isSettled = false;
    const settled = before.settled().then(() => {
      isSettled = true;
    });
    await sleepUntil(systemClock, batchMs, Promise.race([settled, stopping]));
    if (!stopped && !isSettled) return failInHand(given!);
    if (!stopped) await pause();
    if (stopped) return;
    const next = create(given!);
    session = next;
    await next.run().catch((error: Error) => ended(next, error));
  };

  const ended = (which: KafkaSession, error: Error): void => {
    if (stopped || session !== which) return;
    session = null;
    const outage = isOutage(error);
    if (!outage) restarts += 1;
    const problem = messageOf(error);
    if (restarts > MAX_RESTARTS) {
      restarting = which.stop();
      given!.failed(
        new Error(
          `the consumer of ${deps.topics.join(', ')} began anew ${MAX_RESTARTS} times in vain: ${problem}`,
          { cause: error },
        ),
      );
      return;
    }
    logger.warn({ groupId, error: problem, outage, restarts }, 'the consumer begins anew');
    restarting = begin(which);
  };

  return {
    async run(handlers) {
      given = handlers;
      session = create(handlers);
      await session.run();
    },
    start: (at, offset) => session?.start(at, offset),
    pause: (at) => session?.pause(at),
    resume: (at) => session?.resume(at),
    mirror: async (at, nextOffset) => (await session?.mirror(at, nextOffset)) ?? false,
    async stop() {
      stopped = true;
      endWait();
      endSettling();
      await Promise.all([session?.stop(), restarting]);
      await session?.stop();
    },
  };
}
