import { requeueHeaders } from '../../../services/shared/control/requeue-record.ts';
import type { TopicPartition } from '../../../services/shared/log/port.ts';
import type { Logger } from '../../../services/shared/logger.ts';
import type { StateStore, Unit } from '../../../services/shared/state/port.ts';
import { deadLettersTopic, eventsTopic } from '../../../services/shared/topics.ts';
import { type Broker, createBroker } from './broker.ts';
import { checkUnit } from './check.ts';
import { createControlTopic } from './control.ts';
import { toRecord, type WorldEvent } from './events.ts';
import { createArchive } from './history.ts';
import { createGroups } from './log.ts';
import { moduleId } from './modules.ts';
import { createOracle } from './oracle.ts';
import { NAMESPACE, type Surroundings } from './process.ts';
import { createRandom } from './random.ts';
import { createRedoStore } from './redo-store.ts';
import type { Placed } from './repeats.ts';
import { createSchedule } from './schedule.ts';
import type { Script } from './script.ts';
import { createSlot, type Slot } from './slots.ts';
import { createStoreFaults } from './store.ts';

/** Everything that a script may touch, and that must be right. */
export interface World extends Surroundings {
  readonly slots: readonly Slot[];
  /** Of all modules' sources. */
  readonly partitions: readonly TopicPartition[];
  readonly units: readonly Unit[];
  append(events: readonly WorldEvent[], requeue?: Placed['requeue'], partition?: number): void;
  placed(at: TopicPartition): readonly Placed[];
  /** Every event in the order in which it was appended first. */
  readonly history: readonly WorldEvent[];
  /** Throws unless what is stored of a unit is the fold of the log below its offset. */
  check(unit: Unit): Promise<void>;
}

export interface WorldOptions {
  readonly script: Script;
  readonly logger: Logger;
  readonly spoil?: Surroundings['spoil'];
  readonly createStore?: () => StateStore;
}

const TIMEOUTS = { sessionMs: 2_000, rebalanceMs: 1_500, heartbeatMs: 400 };

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

function createTopics(broker: Broker, script: Script): TopicPartition[] {
  const topics = new Set(script.modules.map(({ source }) => eventsTopic(NAMESPACE, source)));
  for (const topic of topics) broker.createTopic(topic, script.partitions);
  broker.createTopic(deadLettersTopic(NAMESPACE), 1);
  return [...topics].flatMap((topic) =>
    Array.from({ length: script.partitions }, (_, partition) => ({ topic, partition })),
  );
}

export function createWorld({ script, logger, spoil = (deps) => deps, createStore }: WorldOptions): World {
  const { modules } = script;
  const schedule = createSchedule(createRandom(script.seed));
  const broker = createBroker(schedule.now);
  const partitions = createTopics(broker, script);
  const placedBy = new Map<string, Placed[]>(partitions.map((at) => [keyOf(at), []]));
  const placed = (at: TopicPartition): readonly Placed[] => placedBy.get(keyOf(at))!;
  const history: WorldEvent[] = [];
  const controlTopic = createControlTopic(broker, NAMESPACE);
  const oracle = createOracle({ modules, placed, decisions: controlTopic.records });
  const redo = createRedoStore(async (store, unit) => {
    await checkUnit(store, unit, oracle).catch((error: Error) => schedule.fail(error));
  }, createStore);
  const units = modules.flatMap((module) =>
    partitions
      .filter(({ topic }) => topic === eventsTopic(NAMESPACE, module.source))
      .map((at): Unit => ({ module: moduleId(module), ...at })),
  );
  const around: Surroundings = {
    schedule,
    broker,
    groups: createGroups(schedule, broker, TIMEOUTS),
    timeouts: TIMEOUTS,
    archive: createArchive(),
    controlTopic,
    redo,
    faults: createStoreFaults(),
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
    partitions,
    units,
    history,
    placed,
    append(events, requeue = null, partition) {
      for (const { topic } of new Map(partitions.map((at) => [at.topic, at])).values())
        for (const event of events) {
          const record = toRecord(topic, topic.slice(`${NAMESPACE}.events.`.length), event);
          const headers = requeue === null ? {} : { headers: requeueHeaders(requeue) };
          const [at] = broker.append([
            { ...record, ...headers, ...(partition === undefined ? {} : { partition }) },
          ]);
          const { timestamp } = broker.all(at!).at(-1)!;
          placedBy.get(keyOf(at!))!.push({ offset: at!.offset, timestamp, event, requeue });
          if (requeue === null) history.push(event);
        }
    },
    check: (unit) => checkUnit(redo.store, unit, oracle),
  };
}
