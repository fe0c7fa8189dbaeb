import type { Clock } from '../shared/clock.ts';
import type { Erasure } from '../shared/control/erasure-record.ts';
import type { Control, ControlRecord } from '../shared/control/port.ts';
import { isConcerned } from '../shared/erasing/unit-mark.ts';
import { messageOf } from '../shared/errors.ts';
import { keyOf } from '../shared/log/partition-key.ts';
import type { EventLog, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import type { StateStore } from '../shared/state/port.ts';
import { eventsTopic, moduleGroup, rekeyTopic } from '../shared/topics.ts';
import { createLiveness } from './liveness.ts';
import type { WorkerMetrics } from './metrics.ts';
import type { UnitView } from './unit-gauges.ts';
import { createUnitLag } from './unit-lag.ts';
import type { GroupOfUnit, UnitRunner } from './unit-runner.ts';

const TICK_MS = 50;
/** To wake up is most of what an idle worker costs. */
const IDLE_TICK_MS = 500;
/** How long after the last batch there may be something that is due within a tick. */
const BUSY_MS = 2_000;
/** How long a unit may not get on, besides the longest that a reducer may take, unless told. */
const STILL_MS = 60_000;

export interface ModuleWorkerDeps {
  readonly log: EventLog;
  readonly state: Pick<StateStore, 'position'>;
  readonly module: Module;
  readonly namespace: string;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, 'eventAge' | 'restarts'>;
  /** How long an asynchronous reducer may take for one event. */
  readonly budgetMs: number;
  readonly stillMs?: number;
  readonly clock: Clock;
  readonly control: Pick<Control, 'pausedBecause' | 'watch'>;
  readonly createUnit: (at: TopicPartition, group: GroupOfUnit) => UnitRunner;
  /** The consumer is beyond recovery: end the process. */
  readonly failed: (error: Error) => void;
}

export interface ModuleWorker {
  run(): Promise<void>;
  stop(): Promise<void>;
  /** What will be over by itself, or with the process: one line for each unit. */
  notReady(): readonly string[];
  /** The units that stand still until somebody acts, however many they are. */
  degraded(): readonly string[];
  /** Those of them that a person has to see to. */
  stopped(): readonly string[];
  units(): readonly UnitView[];
}

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

  const lag = createUnitLag({ ...deps, moduleId: module.id });
  const liveness = createLiveness({
    clock,
    stillMs: (deps.stillMs ?? STILL_MS) + deps.budgetMs,
    lagOf: lag.of,
    restarted: () => metrics.restarts.inc({ module: module.id }),
    failed: deps.failed,
  });

  /** Where a key goes depends on how many partitions there are, so units stop when that changes: their claim finds out. */
  const countAnew = async (): Promise<void> => {
    for (const topic of topics) {
      const count = await log.partitionCount(topic);
      if (count === null || count === partitions.get(topic)) continue;
      partitions.set(topic, count);
      for (const unit of units.values())
        if (unit.at.topic === topic) unit.restart(`its topic has ${count} partitions now`);
    }
  };

  const assigned = (list: readonly TopicPartition[]): void => {
    joined = true;
    const kept = new Set(list.map(keyOf));
    for (const [key, unit] of units) {
      if (kept.has(key)) continue;
      unit.drop();
      units.delete(key);
      lag.forget(unit.at);
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
      const all = [...units.values()];
      for (const unit of all) unit.tick();
      liveness.look(all);
      void lag.refresh(all);
      if (clock.now() - busyAt > BUSY_MS) tickEvery(IDLE_TICK_MS);
    });
  };
  const busy = (): void => {
    busyAt = clock.now();
    tickEvery(TICK_MS);
  };

  /** Whoever was known by the id is known by another name from now on: so at once, before anything more is folded. */
  const heedErasure = ({ keyHash }: Erasure): void => {
    for (const unit of units.values()) {
      const { topic } = unit.at;
      const isRekey = topic === rekeyTopic(namespace, module.id);
      if (isConcerned(unit.at, { isRekey, partitions: partitions.get(topic)! }, keyHash))
        unit.reclaim('a learner is erased');
    }
  };

  /** What people decide takes effect at once. */
  const heed = (record: ControlRecord): void => {
    busy();
    if (record.kind === 'module-switch' && record.module === module.name) {
      const reason = control.pausedBecause(module.name);
      for (const unit of units.values()) unit.setPaused(reason);
    } else if (record.kind === 'left-out' && record.module === module.id && record.why === 'drop')
      units.get(keyOf(record))?.dropLetter(record.reducer, record.offset);
    else if (record.kind === 'erasure') heedErasure(record);
  };

  /** A unit that waits for another waits as long as that one stands still. */
  const standsStill = (unit: UnitRunner): boolean =>
    ['paused', 'stopped'].includes(unit.state) ||
    (unit.state === 'claiming' && unit.status.waitsFor !== null);

  const troubles = (are: (unit: UnitRunner) => boolean): readonly string[] =>
    [...units].flatMap(([key, unit]) => {
      if (!are(unit)) return [];
      const found = [unit.trouble, liveness.troubleOf(unit)].filter((trouble) => trouble !== null);
      return found.length === 0 ? [] : [`${module.id} ${key}: ${found.join('; ')}`];
    });

  return {
    async run() {
      for (const topic of topics) partitions.set(topic, (await log.partitionCount(topic)) ?? 0);
      busy();
      endings = [() => endTicks(), control.watch(heed)];
      await consumer.run({
        assigned(list) {
          busy();
          assigned(list);
          countAnew().catch((error: unknown) => {
            deps.logger.warn({ error: messageOf(error) }, 'the partitions could not be counted anew');
          });
        },
        revoked() {
          for (const unit of units.values()) unit.suspend();
        },
        async batch(batch) {
          busy();
          lag.told(batch, batch.endOffset);
          await units.get(keyOf(batch))?.batch(batch);
          const last = batch.records.at(-1)!;
          metrics.eventAge.observe({ module: module.id }, Math.max(0, clock.now() - last.timestamp) / 1_000);
        },
        progress: (at) => units.get(keyOf(at))?.status.progress ?? 0,
        caughtUp(at, endOffset) {
          lag.told(at, endOffset);
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
    notReady: () =>
      joined ? troubles((unit) => !standsStill(unit)) : [`${module.id}: has not joined its group yet`],
    degraded: () => troubles(standsStill),
    stopped: () => troubles(({ state }) => state === 'stopped'),
    units: () =>
      [...units.values()].map((unit) => ({
        module: module.id,
        groupId,
        at: unit.at,
        state: unit.state,
        lag: lag.of(unit),
        isStill: liveness.troubleOf(unit) !== null,
      })),
  };
}
