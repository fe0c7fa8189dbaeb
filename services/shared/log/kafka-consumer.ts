import { messageOf } from '../errors.ts';
import { createStickyAssigner } from './kafka-assigner.ts';
import { isOutage } from './kafka-faults.ts';
import { createTopicIdentity } from './kafka-identity.ts';
import { readsTopics } from './kafka-parse-once.ts';
import { createKafkaSession, type KafkaSession, type KafkaSessionDeps } from './kafka-session.ts';
import type { ConsumerHandlers, GroupConsumer } from './port.ts';

export interface KafkaConsumerDeps
  extends Omit<KafkaSessionDeps, 'sticky' | 'identity' | 'handlers' | 'ended' | 'stuckMs'> {
  readonly stuckMs?: number | undefined;
}

/** A partition, or one batch, that takes longer is not slow but stuck. */
const STUCK_MS = 60_000;
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
  const [sticky, identity] = [createStickyAssigner(), createTopicIdentity()];
  let session: KafkaSession | null = null;
  let given: ConsumerHandlers | undefined;
  let restarts = 0;
  let waitMs = FIRST_WAIT_MS;
  let restarting = Promise.resolve();
  let endWait = (): void => undefined;
  let stopped = false;
  let leave = (): void => undefined;

  const gotOn = (): void => {
    restarts = 0;
    waitMs = FIRST_WAIT_MS;
  };

  const create = (handlers: ConsumerHandlers): KafkaSession => {
    const created: KafkaSession = createKafkaSession({
      ...deps,
      stuckMs: deps.stuckMs ?? STUCK_MS,
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

  const begin = async (before: KafkaSession): Promise<void> => {
    await before.stop();
    // Batches of a partition must not overlap, of different sessions neither.
    await before.settled();
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
      leave = readsTopics(deps.topics);
      session = create(handlers);
      await session.run();
    },
    start: (at, offset) => session?.start(at, offset),
    pause: (at) => session?.pause(at),
    resume: (at) => session?.resume(at),
    mirror: async (at, nextOffset) => (await session?.mirror(at, nextOffset)) ?? false,
    async stop() {
      stopped = true;
      leave();
      endWait();
      await Promise.all([session?.stop(), restarting]);
      await session?.stop();
    },
  };
}
