import type { QueryDeps } from '../../services/query/query.ts';
import { createDecided } from '../../services/shared/control/decided.ts';
import type { Control, ControlRecord } from '../../services/shared/control/port.ts';
import type { ActiveVersion } from '../../services/shared/control/version-record.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { Module } from '../../services/shared/module.ts';
import { checkModule } from '../../services/shared/module-check.ts';
import { eventField, type Json, KeyField, reducer, Scope } from '../../services/shared/reducer-api.ts';
import { type Mark, markField, writeMark } from '../../services/shared/rekey-mark.ts';
import type { Unit } from '../../services/shared/state/port.ts';
import { eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { createTakeover, type Takeover } from '../../services/worker/takeover.ts';
import { createMemoryState, type MemoryState } from './memory-state.ts';
import { NO_CHANGES } from './no-changes.ts';

const NAMESPACE = 'test';
export const SOURCE = eventsTopic(NAMESPACE, 's');

export interface VersionSpec {
  readonly version: number;
  readonly rekeyed?: boolean;
  readonly default?: Json;
}

/** `m.v<version>` with the reducer `m.count`, by student, or by document through a rekey topic. */
export function versionOfM({ version, rekeyed = false, default: none = null }: VersionSpec): Module {
  const scope = Scope([rekeyed ? eventField('doc') : KeyField.STUDENT]);
  const checked = checkModule({
    NAME: 'm',
    VERSION: version,
    REDUCERS: [
      {
        context: 's',
        default: none,
        function: reducer({ nullState: version, name: 'count', scope }, () => 0),
      },
    ],
  });
  if (!('module' in checked)) throw new Error(checked.problems.join('\n'));
  return checked.module;
}

type ProcessControl = Pick<
  Control,
  'activeVersion' | 'claimedUnits' | 'pausedBecause' | 'publish' | 'caughtUp' | 'watch'
> & {
  /** Takes in what the topic holds. */
  follow(): void;
};

/** A control topic, and what processes know of it: each takes in the records when it is told to, or asks. */
export function createControlTopic() {
  const records: ControlRecord[] = [];
  return {
    records,
    append: (record: ControlRecord) => void records.push(record),
    open(follows = false): ProcessControl {
      const decided = createDecided();
      const listeners = new Set<(record: ControlRecord) => void>();
      let taken = 0;
      const follow = (): void => {
        while (taken < records.length) {
          const record = records[taken]!;
          taken += 1;
          decided.take(record);
          for (const listener of listeners) listener(record);
        }
      };
      const known =
        <A extends unknown[], T>(ask: (...args: A) => T) =>
        (...args: A): T => {
          if (follows) follow();
          return ask(...args);
        };
      return {
        follow,
        activeVersion: known(decided.activeVersion),
        claimedUnits: known(decided.claimedUnits),
        pausedBecause: known(decided.pausedBecause),
        async publish(record) {
          records.push(record);
          follow();
        },
        caughtUp: async () => follow(),
        watch(listener) {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      };
    },
  };
}

export interface VersionHouse {
  readonly memory: MemoryState;
  readonly log: QueryDeps['log'];
  readonly topic: ReturnType<typeof createControlTopic>;
  /** How many partitions each topic has, and the ends of each. */
  readonly ends: Map<string, number[]>;
  clock: number;
  /** Claims a unit as a worker does; `target` is the log's end then. */
  claim(module: Module, partition: number, target: number, topicName?: string): Promise<void>;
  /** Stores a unit's next offset, with states. */
  store(module: Module, partition: number, next: number, more?: Stored): Promise<void>;
  decide(version: number, fields?: Partial<ActiveVersion>): void;
  active(): number | null;
  takeover(module: Module, control?: ProcessControl): Takeover;
}

interface Stored {
  readonly topic?: string;
  readonly states?: Readonly<Record<string, string>>;
  readonly completeAt?: number;
  readonly mark?: { readonly partition: number } & Mark;
}

/** A store, a log of which only ends are known, and a control topic: what versions of `m` are decided by. */
export function createVersionHouse(partitions = 2): VersionHouse {
  const memory = createMemoryState();
  const topic = createControlTopic();
  const ends = new Map([[SOURCE, Array<number>(partitions).fill(0)]]);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const log: QueryDeps['log'] = {
    partitionCount: async (name) => ends.get(name)?.length ?? null,
    offsets: async (name) => ends.get(name)!.map((end, partition) => ({ partition, start: 0, end })),
  };
  const unitOf = (module: Module, partition: number, name = SOURCE): Unit => ({
    module: module.id,
    topic: name,
    partition,
  });
  const house: VersionHouse = {
    memory,
    log,
    topic,
    ends,
    clock: 0,
    async claim(module, partition, target, name) {
      const unit = unitOf(module, partition, name);
      const facts = { formatVersion: 1, partitions: ends.get(unit.topic)!.length, reducersHash: module.hash };
      await memory.store.claim(unit, 'owner', facts, target);
      topic.append({ kind: 'unit-claimed', ...unit, token: 'owner' });
    },
    async store(module, partition, next, { topic: name, states = {}, completeAt, mark } = {}) {
      const unit = unitOf(module, partition, name);
      const texts = new Map<string, string>(Object.entries(states));
      if (mark !== undefined)
        texts.set(markField({ topic: SOURCE, partition: mark.partition }), writeMark(mark));
      const expected = (await memory.store.position(unit))?.next ?? null;
      const reply = await memory.store.checkpoint(unit, {
        ...NO_CHANGES,
        token: 'owner',
        expected,
        next,
        states: texts,
        ...(completeAt === undefined ? {} : { completeAt }),
      });
      if (reply.status !== 'done') throw new Error(`the checkpoint was ${reply.status}`);
      await memory.store.announce({ unit, fields: [...texts.keys()] });
    },
    decide(version, fields = {}) {
      const follows = topic.open(true).activeVersion('m')?.decisions ?? 0;
      const because = 'a person decided';
      topic.append({
        kind: 'active-version',
        module: 'm',
        version,
        follows,
        person: true,
        auto: true,
        because,
        ...fields,
      });
    },
    active: () => topic.open(true).activeVersion('m')?.version ?? null,
    takeover: (module, control = topic.open(true)) =>
      createTakeover({
        module,
        namespace: NAMESPACE,
        log,
        state: memory.store,
        control,
        clock: { now: () => house.clock },
        logger,
      }),
  };
  return house;
}

export const rekeyTopicOf = (module: Module): string => rekeyTopic(NAMESPACE, module.id);
