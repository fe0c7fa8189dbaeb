import type { RequeueTarget } from '../../../services/shared/control/requeue-record.ts';
import type { TopicPartition } from '../../../services/shared/log/port.ts';
import type { Logger } from '../../../services/shared/logger.ts';
import type { StateStore, Unit } from '../../../services/shared/state/port.ts';
import { deadLettersTopic, eventsTopic, rekeyTopic } from '../../../services/shared/topics.ts';
import { copyHeaders } from '../../../services/shared/unclaimed/copy-headers.ts';
import { type Broker, createBroker } from './broker.ts';
import { checkUnit } from './check.ts';
import { createControlTopic } from './control.ts';
import { toRecord, type WorldEvent } from './events.ts';
import { createArchive } from './history.ts';
import { createGroups } from './log.ts';
import { contextsOf, isRekeyed, moduleId, SOURCES } from './modules.ts';
import { createOracle } from './oracle.ts';
import { createPlaces } from './places.ts';
import { NAMESPACE, type Surroundings } from './process.ts';
import { createRandom } from './random.ts';
import { createRedoStore } from './redo-store.ts';
import { checkRekeyed } from './rekeyed.ts';
import type { Placed } from './repeats.ts';
import { createSchedule } from './schedule.ts';
import type { Script } from './script.ts';
import { createSlot, type Slot } from './slots.ts';
import { createStoreFaults } from './store.ts';
import { createWaiting } from './waiting.ts';

/** Everything that a script may touch, and that must be right. */
export interface World extends Surroundings {
  readonly slots: readonly Slot[];
  /** Of all modules. */
  readonly sources: readonly string[];
  /** Of the sources' topics. */
  readonly partitions: readonly TopicPartition[];
  readonly rekeyPartitions: readonly TopicPartition[];
  readonly units: readonly Unit[];
  append(events: readonly WorldEvent[], partition?: number): void;
  /** Copies events that waited unclaimed, and of each partition so many once more that were copied already. */
  copy(events: readonly WorldEvent[], again: number): void;
  /** Appends the record of a dead letter again, for whom that is. */
  requeue(at: TopicPartition, target: RequeueTarget): void;
  placed(at: TopicPartition): readonly Placed[];
  /** Every event in the order in which it was appended first. */
  readonly history: readonly WorldEvent[];
  /** Throws unless what is stored of a unit is the fold of the log below its offset. */
  check(unit: Unit): Promise<void>;
  /** At rest: throws when something is missing under another key, or is there that should not. Gives the number of duplicates. */
  checkRekeyed(): number;
}

export interface WorldOptions {
  readonly script: Script;
  readonly logger: Logger;
  readonly spoil?: Surroundings['spoil'];
  readonly createStore?: () => StateStore;
}

const TIMEOUTS = { sessionMs: 2_000, rebalanceMs: 1_500, heartbeatMs: 400 };

function createTopics(broker: Broker, { partitions, modules }: Script) {
  const create = (topic: string): TopicPartition[] => {
    broker.createTopic(topic, partitions);
    return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  };
  const sources = SOURCES.filter((source) => modules.some((module) => contextsOf(module).includes(source)));
  const rekeyed = modules.filter(({ reducers }) => reducers.some(isRekeyed));
  broker.createTopic(deadLettersTopic(NAMESPACE), 1);
  return {
    sources,
    rekeyed,
    partitions: sources.flatMap((source) => create(eventsTopic(NAMESPACE, source))),
    rekeyPartitions: rekeyed.flatMap((module) => create(rekeyTopic(NAMESPACE, moduleId(module)))),
  };
}

export function createWorld({ script, logger, spoil = (deps) => deps, createStore }: WorldOptions): World {
  const { modules } = script;
  const schedule = createSchedule(createRandom(script.seed));
  const broker = createBroker(schedule.now);
  const { sources, rekeyed, partitions, rekeyPartitions } = createTopics(broker, script);
  const history: WorldEvent[] = [];
  const places = createPlaces(broker);
  const waiting = createWaiting(NAMESPACE);
  const { placed } = places;
  const controlTopic = createControlTopic(broker, NAMESPACE);
  const oracle = createOracle({ modules, placed, decisions: controlTopic.records });
  const redo = createRedoStore(async (store, unit) => {
    await checkUnit(store, unit, oracle).catch((error: Error) => schedule.fail(error));
  }, createStore);
  const units = modules.flatMap((module) => {
    const topics = contextsOf(module).map((source) => eventsTopic(NAMESPACE, source));
    topics.push(rekeyTopic(NAMESPACE, moduleId(module)));
    return [...partitions, ...rekeyPartitions]
      .filter(({ topic }) => topics.includes(topic))
      .map((at): Unit => ({ module: moduleId(module), ...at }));
  });
  const around: Surroundings = {
    schedule,
    broker,
    groups: createGroups(schedule, broker, TIMEOUTS),
    timeouts: TIMEOUTS,
    archive: createArchive(),
    objects: new Map(),
    controlTopic,
    redo,
    faults: createStoreFaults(),
    sends: { failing: 0 },
    modules,
    logger,
    spoil,
  };
  const slots = Array.from({ length: script.processes }, (_, index) =>
    createSlot(around, `process ${index}`),
  );

  return {
    ...around,
    slots,
    sources,
    partitions,
    rekeyPartitions,
    units,
    history,
    placed,
    append(events, partition) {
      for (const event of events) {
        places.append(
          { ...toRecord(NAMESPACE, event), ...(partition === undefined ? {} : { partition }) },
          event,
        );
        history.push(event);
      }
    },
    copy(events, again) {
      for (const one of waiting.add(events, again)) {
        const { event, from } = one;
        const record = toRecord(NAMESPACE, event);
        places.append({ ...record, headers: copyHeaders(from) }, event, from);
      }
      history.push(...events);
    },
    requeue: places.requeue,
    check: (unit) => checkUnit(redo.store, unit, oracle),
    checkRekeyed() {
      const duplicates = rekeyed.map((module) =>
        checkRekeyed({
          namespace: NAMESPACE,
          module,
          rekeyTopic: rekeyTopic(NAMESPACE, moduleId(module)),
          partitions: script.partitions,
          placed,
        }),
      );
      return duplicates.reduce((sum, count) => sum + count, 0);
    },
  };
}
