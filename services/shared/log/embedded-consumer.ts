import type { Groups } from './embedded-group.ts';
import { keyOf } from './partition-key.ts';
import type { Batch, ConsumerHandlers, ConsumerOptions, GroupConsumer, TopicPartition } from './port.ts';

export interface EmbeddedConsumerDeps extends ConsumerOptions {
  readonly groups: Groups;
  /** Throws UNKNOWN_TOPIC. */
  readonly requireTopic: (topic: string) => void;
  readonly bounds: (at: TopicPartition) => { readonly start: number; readonly end: number };
  /** What follows `position`; null at the end of the log; `lost` where that was removed. */
  readonly fetch: (at: TopicPartition, position: number) => Batch | null | 'lost';
  /** Calls the listener after every append that became durable, until the returned function is called. */
  readonly onAppended: (listener: (at: TopicPartition) => void) => () => void;
  readonly mirror: (at: TopicPartition, nextOffset: number) => Promise<void>;
  readonly onStopped: () => void;
}

/** Where a started partition is read. A seek makes a new one, so that a batch under way cannot move it. */
interface Reading {
  readonly at: TopicPartition;
  position: number;
  paused: boolean;
}

/** How often an idle partition is looked at, only to tell that it is still caught up. */
const IDLE_MS = 1_000;

/**
 * A group member in this process. Each started partition goes its own way, one batch after another, with a turn of the
 * event loop between them, so that a long partition does not hold up the others.
 */
export function createEmbeddedConsumer(deps: EmbeddedConsumerDeps): GroupConsumer {
  const readings = new Map<string, Reading>();
  /** Partitions with a batch under way; kept through rebalances and seeks, so that batches never overlap. */
  const busy = new Set<string>();
  let assigned: ReadonlySet<string> = new Set();
  let assignments = 0;
  let handlers: ConsumerHandlers | undefined;
  let stopped = false;

  const fail = (error: unknown): void => {
    if (stopped) return;
    readings.clear();
    handlers?.failed(error instanceof Error ? error : new Error(String(error)));
  };
  /** A handler that throws is a bug of its owner, and must not keep the other members from their assignment. */
  const tell = (call: (told: ConsumerHandlers) => void): void => {
    try {
      if (handlers !== undefined) call(handlers);
    } catch (error) {
      fail(error);
    }
  };
  const revoke = (): void => {
    if (assigned.size === 0) return;
    assigned = new Set();
    readings.clear();
    tell((told) => told.revoked());
  };

  const deliver = async (key: string, reading: Reading, batch: Batch): Promise<void> => {
    busy.add(key);
    try {
      await handlers!.batch(batch);
      reading.position = batch.records.at(-1)!.offset + 1;
    } catch (error) {
      fail(error);
    } finally {
      busy.delete(key);
    }
    wake(key);
  };
  const step = (key: string): void => {
    const reading = readings.get(key);
    if (stopped || reading === undefined || reading.paused || busy.has(key)) return;
    try {
      const batch = deps.fetch(reading.at, reading.position);
      if (batch === 'lost') {
        readings.delete(key);
        tell((told) => told.outOfRange(reading.at));
      } else if (batch === null) handlers!.caughtUp(reading.at, reading.position);
      else void deliver(key, reading, batch);
    } catch (error) {
      fail(error);
    }
  };
  const wake = (key: string): void => {
    if (readings.has(key)) setImmediate(() => step(key));
  };

  const member = {
    topics: deps.topics,
    revoke,
    assign(partitions: readonly TopicPartition[]): void {
      assigned = new Set(partitions.map(keyOf));
      assignments += 1;
      tell((told) => told.assigned(partitions));
    },
  };
  let silence: (() => void) | undefined;

  return {
    async run(given) {
      for (const topic of deps.topics) deps.requireTopic(topic);
      handlers = given;
      const unsubscribe = deps.onAppended((at) => wake(keyOf(at)));
      const idle = setInterval(() => {
        for (const key of readings.keys()) step(key);
      }, IDLE_MS);
      silence = () => {
        unsubscribe();
        clearInterval(idle);
      };
      deps.groups.join(deps.groupId, member);
    },
    start(at, offset) {
      const key = keyOf(at);
      if (stopped || !assigned.has(key)) return;
      const { start, end } = deps.bounds(at);
      if (offset < start || offset > end) {
        readings.delete(key);
        setImmediate(() => {
          if (!stopped && assigned.has(key)) tell((told) => told.outOfRange(at));
        });
        return;
      }
      readings.set(key, { at, position: offset, paused: false });
      wake(key);
    },
    pause(at) {
      const reading = readings.get(keyOf(at));
      if (reading !== undefined) reading.paused = true;
    },
    resume(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) return;
      reading.paused = false;
      wake(keyOf(at));
    },
    async mirror(at, nextOffset) {
      const asked = assignments;
      if (!assigned.has(keyOf(at))) return false;
      await deps.mirror(at, nextOffset);
      return asked === assignments && assigned.has(keyOf(at));
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      silence?.();
      deps.onStopped();
      deps.groups.leave(deps.groupId, member);
      revoke();
    },
  };
}
