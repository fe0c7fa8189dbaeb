import type { Clock } from '../shared/clock.ts';
import type { Control, ControlRecord } from '../shared/control/port.ts';
import type { EventLog, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/modules.ts';
import { eventsTopic, moduleGroup, rekeyTopic } from '../shared/topics.ts';
import type { GroupOfUnit } from './create-unit.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { UnitRunner } from './unit.ts';

const TICK_MS = 50;
/** To wake up is most of what an idle worker costs. */
const IDLE_TICK_MS = 500;
/** How long after the last batch there may be something that is due within a tick. */
const BUSY_MS = 2_000;

export interface ModuleWorkerDeps {
  readonly log: EventLog;
  readonly module: Module;
  readonly namespace: string;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
  readonly clock: Clock;
  readonly control: Pick<Control, 'pausedBecause' | 'watch'>;
  readonly createUnit: (at: TopicPartition, group: GroupOfUnit) => UnitRunner;
  /** The consumer is beyond recovery: end the process. */
  readonly failed: (error: Error) => void;
}

export interface ModuleWorker {
  run(): Promise<void>;
  stop(): Promise<void>;
  notReady(): readonly string[];
}

const keyOf = (at: TopicPartition): string => `${at.topic}/${at.partition}`;

/** Reduces one module version: one consumer group, one runner for each partition that the group gives it. */
export function createModuleWorker(deps: ModuleWorkerDeps): ModuleWorker {
  const { module, namespace, log, metrics, clock, control } = deps;
  const groupId = moduleGroup(namespace, module.id);
  const topics = [
    ...module.contexts.map((context) => eventsTopic(namespace, context)),
    ...(module.rekeyed ? [rekeyTopic(namespace, module.id)] : []),
  ];
  const consumer = log.createConsumer({ groupId, topics });
  const partitions = new Map<string, number>();
  const units = new Map<string, UnitRunner>();
  let joined = false;
  let endings: (() => void)[] = [];
  let endTicks = (): void => undefined;
  let tickMs = 0;
  let busyAt = 0;
  let stopping = false;

  const createUnit = (at: TopicPartition): UnitRunner =>
    deps.createUnit(at, {
      consumer,
      partitionsOf: (topic) => partitions.get(topic)!,
      unitCount: () => units.size,
    });

  const lagLabels = ({ topic, partition }: TopicPartition) => ({ consumergroup: groupId, topic, partition });
  const observe = (at: TopicPartition, lag: number): void => metrics.lag.set(lagLabels(at), Math.max(0, lag));

  const assigned = (list: readonly TopicPartition[]): void => {
    joined = true;
    const kept = new Set(list.map(keyOf));
    for (const [key, unit] of units) {
      if (kept.has(key)) continue;
      unit.drop();
      units.delete(key);
      metrics.lag.remove(lagLabels(unit.at));
    }
    for (const at of list) {
      const known = units.get(keyOf(at));
      const unit = known ?? createUnit(at);
      units.set(keyOf(at), unit);
      if (known === undefined) unit.setPaused(control.pausedBecause(module.name));
      unit.assigned();
    }
  };

  const tickEvery = (ms: number): void => {
    if (tickMs === ms || stopping) return;
    endTicks();
    tickMs = ms;
    endTicks = clock.every(ms, () => {
      for (const unit of units.values()) unit.tick();
      if (clock.now() - busyAt > BUSY_MS) tickEvery(IDLE_TICK_MS);
    });
  };
  const busy = (): void => {
    busyAt = clock.now();
    tickEvery(TICK_MS);
  };

  /** What people decide takes effect at once. */
  const heed = (record: ControlRecord): void => {
    busy();
    if (record.kind === 'module-switch' && record.module === module.name) {
      const reason = control.pausedBecause(module.name);
      for (const unit of units.values()) unit.setPaused(reason);
    } else if (record.kind === 'left-out' && record.module === module.id && record.why === 'drop')
      units.get(keyOf(record))?.dropLetter(record.reducer, record.offset);
  };

  return {
    async run() {
      for (const topic of topics) partitions.set(topic, (await log.partitionCount(topic)) ?? 0);
      busy();
      endings = [() => endTicks(), control.watch(heed)];
      await consumer.run({
        assigned(list) {
          busy();
          assigned(list);
        },
        revoked() {
          for (const unit of units.values()) unit.suspend();
        },
        async batch(batch) {
          busy();
          await units.get(keyOf(batch))?.batch(batch);
          const last = batch.records.at(-1)!;
          metrics.eventAge.observe({ module: module.id }, Math.max(0, clock.now() - last.timestamp) / 1_000);
          observe(batch, batch.endOffset - last.offset - 1);
        },
        caughtUp(at, endOffset) {
          observe(at, 0);
          units.get(keyOf(at))?.caughtUp(endOffset);
        },
        outOfRange: (at) => units.get(keyOf(at))?.outOfRange(),
        failed: deps.failed,
      });
    },
    async stop() {
      stopping = true;
      for (const end of endings) end();
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
