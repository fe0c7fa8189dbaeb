import { createEventCodec } from '../shared/event.ts';
import type { EventLog, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/modules.ts';
import type { StateStore } from '../shared/state/port.ts';
import { eventsTopic, moduleGroup } from '../shared/topics.ts';
import { createClaimedUnit } from './claimed-unit.ts';
import { createDecoder } from './decode.ts';
import type { WorkerMetrics } from './metrics.ts';
import { createPipeline } from './pipeline.ts';
import { createKeyer } from './scope.ts';
import { createStateCache } from './state-cache.ts';
import { createUnitRunner, type UnitRunner } from './unit.ts';

const CHECKPOINT_FORMAT = 1;
const TICK_MS = 50;

export interface ModuleWorkerDeps {
  readonly log: EventLog;
  readonly state: StateStore;
  readonly module: Module;
  readonly namespace: string;
  readonly checkpointMs: number;
  /** For the states of this module in memory, in bytes. */
  readonly cacheBytes: number;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
  readonly now: () => number;
  /** The consumer is beyond recovery: end the process. */
  readonly failed: (error: Error) => void;
}

export interface ModuleWorker {
  run(): Promise<void>;
  stop(): Promise<void>;
  notReady(): readonly string[];
}

/** Reduces one module version: one consumer group, one runner for each partition that the group gives it. */
export function createModuleWorker(deps: ModuleWorkerDeps): ModuleWorker {
  const { module, namespace, log, state, metrics } = deps;
  const groupId = moduleGroup(namespace, module.id);
  const topics = module.contexts.map((context) => eventsTopic(namespace, context));
  const consumer = log.createConsumer({ groupId, topics });
  const decode = createDecoder(createEventCodec());
  const keyers = module.reducers.map(({ scope }) => createKeyer(scope));
  const partitions = new Map<string, number>();
  const units = new Map<string, UnitRunner>();
  const keyOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`;
  let joined = false;
  let ticking: NodeJS.Timeout | undefined;

  const createUnit = (at: TopicPartition): UnitRunner => {
    const unit = { module: module.id, ...at };
    return createUnitRunner({
      unit,
      facts: {
        formatVersion: CHECKPOINT_FORMAT,
        partitions: partitions.get(at.topic)!,
        reducersHash: module.hash,
      },
      log,
      state,
      consumer,
      logger: deps.logger,
      now: deps.now,
      createClaimed: ({ token, next, done, lost }) => {
        metrics.claims.inc({ module: module.id });
        return createClaimedUnit({
          unit,
          module,
          keyers,
          decode,
          token,
          next,
          cache: createStateCache({
            module,
            readMany: (fields) => state.readMany(unit, fields),
            maxBytes: () => deps.cacheBytes / Math.max(1, units.size),
          }),
          pipeline: createPipeline({
            send: (checkpoint) => state.checkpoint(unit, checkpoint),
            done: (checkpoint) => {
              metrics.checkpoints.inc({ module: module.id, outcome: 'done' });
              done(checkpoint);
            },
            lost: (because) => {
              metrics.checkpoints.inc({ module: module.id, outcome: 'lost' });
              lost(because);
            },
          }),
          checkpointMs: deps.checkpointMs,
          now: deps.now,
          refused: (reducer) => metrics.deadLetters.inc({ module: module.id, reducer }),
        });
      },
    });
  };

  const observe = (at: TopicPartition, lag: number): void =>
    metrics.lag.set({ consumergroup: groupId, topic: at.topic, partition: at.partition }, Math.max(0, lag));

  const assigned = (list: readonly TopicPartition[]): void => {
    joined = true;
    const kept = new Set(list.map(keyOf));
    for (const [key, unit] of units) {
      if (kept.has(key)) continue;
      unit.drop();
      units.delete(key);
    }
    metrics.lag.reset();
    for (const at of list) {
      const unit = units.get(keyOf(at)) ?? createUnit(at);
      units.set(keyOf(at), unit);
      unit.assigned();
    }
  };

  return {
    async run() {
      for (const topic of topics) partitions.set(topic, (await log.partitionCount(topic)) ?? 0);
      ticking = setInterval(() => {
        for (const unit of units.values()) unit.tick();
      }, TICK_MS);
      await consumer.run({
        assigned,
        revoked() {
          for (const unit of units.values()) unit.suspend();
        },
        async batch(batch) {
          await units.get(keyOf(batch))?.batch(batch);
          const last = batch.records.at(-1)!;
          metrics.events.inc({ module: module.id }, batch.records.length);
          metrics.eventAge.observe({ module: module.id }, Math.max(0, deps.now() - last.timestamp) / 1_000);
          observe(batch, batch.endOffset - last.offset - 1);
        },
        caughtUp(at, endOffset) {
          observe(at, 0);
          units.get(keyOf(at))?.caughtUp(endOffset);
        },
        failed: deps.failed,
      });
    },
    async stop() {
      clearInterval(ticking);
      await Promise.all([...units.values()].map((unit) => unit.drain()));
      await consumer.stop();
    },
    notReady() {
      if (!joined) return [`${module.id}: has not joined its group yet`];
      return [...units].flatMap(([key, { trouble }]) =>
        trouble === null ? [] : [`${module.id} ${key}: ${trouble}`],
      );
    },
  };
}
