import type { Module } from '../../services/shared/module.ts';
import { checkModule } from '../../services/shared/module-check.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import {
  appendList,
  eventField,
  KeyField,
  type ReducerEntry,
  reducer,
  type Scope,
} from '../../services/shared/reducer-api.ts';
import type { StateEntry, Unit } from '../../services/shared/state/port.ts';
import { type KeyValues, keyText, stateField } from '../../services/shared/state-key.ts';
import { type QueryApp, type QueryAppOptions, startQueryApp } from './query-app.ts';

/** The topics differ in their number of partitions, so that none is looked for by another one's. */
const PARTITIONS = { 'test.events.a': 2, 'test.events.b': 3, 'test.rekey.work.v2': 4 } as const;
type Topic = keyof typeof PARTITIONS;

export const A = 'test.events.a';
export const B = 'test.events.b';
export const REKEY = 'test.rekey.work.v2';

const { STUDENT, CLASS, RESOURCE, TEACHER } = KeyField;

/** Each scope and number of contexts that make a reducer rekeyed, and two reducers that are not. */
function workModule(): Module {
  const entry = (name: string, context: string | readonly string[], scope: Scope): ReducerEntry => ({
    context,
    default: { of: name },
    function: reducer({ nullState: 0, name, scope }, () => 0),
  });
  const checked = checkModule({
    NAME: 'work',
    VERSION: 2,
    REDUCERS: [
      entry('own_b', 'b', [STUDENT]),
      entry('own_a', 'a', [STUDENT, CLASS]),
      entry('per_class', 'a', [CLASS]),
      entry('per_page', 'a', [TEACHER, eventField('page.id'), RESOURCE, CLASS]),
      entry('both', ['b', 'a'], [STUDENT]),
      {
        context: 'b',
        function: reducer(
          { nullState: [], stateType: appendList, name: 'pages', scope: [eventField('doc')] },
          (_event, list) => list,
        ),
      },
    ],
  });
  if (!('module' in checked)) throw new Error(checked.problems.join('\n'));
  return checked.module;
}

export interface RekeyedApp extends QueryApp {
  /** Claims all units of a topic, each with so many records in its partition. */
  claimAll(topic: Topic, logEnd: number): Promise<void>;
  /** Moves a unit on. */
  move(topic: Topic, partition: number, to: Move): Promise<void>;
  moveAll(topic: Topic, to: Move): Promise<void>;
  /** Everything of the rekey units is complete. */
  settle(): Promise<void>;
  /** Stores states under a key of a reducer, in a partition of a topic, and announces them. */
  put(topic: Topic, partition: number, entries: readonly StateEntry[]): Promise<void>;
  /** The state of a reducer that is asked by a path below `/v1/state/work.`. */
  stateOf(path: string): Promise<unknown>;
}

export interface Move {
  /** The offset that it has then; what it had when not given. */
  readonly next?: number;
  readonly caughtUpAt?: number;
  readonly completeAt?: number;
}

export const rekeyPartitionOf = (key: KeyValues): number => partitionOf(keyText(key), PARTITIONS[REKEY]);

export const internal = (reducerName: string, key: KeyValues, state: unknown): StateEntry => ({
  field: stateField('Internal', `work.${reducerName}`, keyText(key)),
  value: JSON.stringify(state),
});

/** The query service with the module `work`, and a hand to do what its workers do. */
export async function startRekeyedApp(options: QueryAppOptions = {}): Promise<RekeyedApp> {
  const module = workModule();
  const app = await startQueryApp({ ...options, module });
  const { store } = app.memory;
  const unitOf = (topic: Topic, partition: number): Unit => ({ module: module.id, topic, partition });
  const all = (topic: Topic): number[] => [...Array(PARTITIONS[topic]).keys()];

  async function checkpoint(topic: Topic, partition: number, to: Move, entries: readonly StateEntry[] = []) {
    const unit = unitOf(topic, partition);
    const expected = (await store.position(unit))?.next ?? null;
    const reply = await store.checkpoint(unit, {
      token: 'owner',
      expected,
      next: to.next ?? expected ?? 0,
      states: new Map(entries.map(({ field, value }) => [field, value])),
      deadLetters: [],
      lengths: new Map(),
      closed: [],
      anchor: null,
      caughtUpAt: to.caughtUpAt ?? null,
      ...(to.completeAt !== undefined && { completeAt: to.completeAt }),
    });
    if (reply.status !== 'done') throw new Error(`the checkpoint was ${reply.status}`);
  }

  const working: RekeyedApp = {
    ...app,
    async claimAll(topic, logEnd) {
      const facts = { formatVersion: 2, partitions: PARTITIONS[topic], reducersHash: module.hash };
      for (const partition of all(topic)) await store.claim(unitOf(topic, partition), 'owner', facts, logEnd);
    },
    move: checkpoint,
    async moveAll(topic, to) {
      for (const partition of all(topic)) await checkpoint(topic, partition, to);
    },
    async settle() {
      for (const topic of [A, B, REKEY] as const) await working.claimAll(topic, 0);
      await working.moveAll(REKEY, { completeAt: 0 });
    },
    async put(topic, partition, entries) {
      await checkpoint(topic, partition, {}, entries);
      await store.announce({ unit: unitOf(topic, partition), fields: entries.map(({ field }) => field) });
    },
    stateOf: async (path) => (await app.get(`/v1/state/work.${path}`)).body,
  };
  return working;
}
