import {
  type AppendList,
  eventField,
  type Json,
  KeyField,
  type LearningEvent,
  type LongObject,
  Scope,
  states,
  unchanged,
} from '../../../services/shared/reducer-api.ts';
import { appendListState } from '../../../services/shared/state-types/append-list.ts';
import { longObjectState } from '../../../services/shared/state-types/long-object.ts';
import type { StateType } from '../../../services/shared/state-types/state-type.ts';
import type { Kind, WorldEvent } from './events.ts';
import type { Machine } from './machine.ts';

export type State = Record<string, unknown>;

/** What an event should make of a state: told by plain values, apart from the program that is tried. */
export interface Outcome {
  readonly internal: State;
  /** What queries see: the internal state, what they saw before, or a state of its own. */
  readonly external: 'internal' | 'kept' | State;
}

/** A kind of reducer, once as its author writes it, once as what it should come to. */
export interface ReducerForm {
  readonly nullState: State;
  /** Of the state that a reducer gets; plain JSON without one. What `outcome` knows is plain in any case. */
  readonly stateType?: StateType;
  readonly reduce: (event: LearningEvent, state: never, machine: Machine) => unknown;
  /** Null when the event changes nothing; `refused` when no state that can be stored comes of it. */
  readonly outcome: (event: WorldEvent, state: State) => Outcome | 'refused' | null;
}

interface Chain extends State {
  hash: number;
}

const mix = (hash: number, n: number): number => (Math.imul(hash ^ n, 0x01000193) + 7) | 0;
const nOf = (event: LearningEvent): number => event.client.n as number;
const plain = (internal: State): Outcome => ({ internal, external: 'internal' });
const hashOf = ({ n }: WorldEvent, { hash }: State): number => mix(hash as number, n);

function form<S extends State>(given: {
  nullState: S;
  reduce: (event: LearningEvent, state: S, machine: Machine) => unknown;
  outcome: (event: WorldEvent, state: S) => Outcome | 'refused' | null;
}): ReducerForm {
  return given as ReducerForm;
}

/** What is appended to a list: long, so that a few of them are a part. */
const itemOf = (n: number): Json => ({ n, text: 'abc'.repeat(n * 4) });

/** What is put into a text: long, so that two of them are a part. */
const putOf = (n: number): string => `${n}${'é'.repeat(200)}`;

export const FORMS = {
  /** A new object for each event. */
  count: form({
    nullState: { count: 0 },
    reduce: (_event, { count }) => ({ count: count + 1 }),
    outcome: (_event, { count }) => plain({ count: count + 1 }),
  }),
  /** Knows the order of events, and changes its state in place. */
  chain: form<Chain>({
    nullState: { hash: 0 },
    reduce(event, state) {
      state.hash = mix(state.hash, nOf(event));
      return state;
    },
    outcome: (event, state) => plain({ ...state, hash: hashOf(event, state) }),
  }),
  /** Keeps a part of the event in its state, and changes it there. */
  keeper: form<{ tags: number[] }>({
    nullState: { tags: [] },
    reduce(event, state) {
      const tags = event.client.tags as number[];
      tags.push(...state.tags.slice(0, 3));
      state.tags = tags;
      return state;
    },
    outcome: ({ n }, state) => plain({ ...state, tags: [n, ...state.tags.slice(0, 3)] }),
  }),
  /** Concerned by every other event only. */
  sparse: form<Chain>({
    nullState: { hash: 0 },
    reduce: (event, state) => (nOf(event) % 2 === 0 ? { hash: mix(state.hash, nOf(event)) } : unchanged),
    outcome: (event, state) => (event.n % 2 === 0 ? plain({ hash: hashOf(event, state) }) : null),
  }),
  /** Shows queries something else than it goes on from, and not at every event. */
  split: form<Chain>({
    nullState: { hash: 0 },
    reduce(event, state) {
      const n = nOf(event);
      const internal = { hash: mix(state.hash, n) };
      if (n % 4 === 0) return internal;
      if (n % 4 === 1) return states(internal, { seen: n });
      return n % 4 === 2 ? states(internal, unchanged) : states(unchanged, { seen: n });
    },
    outcome(event, state) {
      const internal = { hash: hashOf(event, state) };
      if (event.n % 4 === 0) return plain(internal);
      if (event.n % 4 === 2) return { internal, external: 'kept' };
      return { internal: event.n % 4 === 1 ? internal : state, external: { seen: event.n } };
    },
  }),
  /** Answers some turns later. */
  later: form<Chain>({
    nullState: { hash: 0 },
    async reduce(event, state) {
      for (let turn = nOf(event) % 4; turn > 0; turn--) await undefined;
      return { hash: mix(state.hash, nOf(event)) };
    },
    outcome: (event, state) => plain({ hash: hashOf(event, state) }),
  }),
  /** Answers some time later, and changes its state in place. */
  slow: form<Chain>({
    nullState: { hash: 0 },
    async reduce(event, state, machine) {
      const n = nOf(event);
      if (n % 5 === 0) await machine.clock.sleep(n % 40);
      state.hash = mix(state.hash, n);
      return state;
    },
    outcome: (event, state) => plain({ ...state, hash: hashOf(event, state) }),
  }),
  /**
   * Can go on from a state that one of its events opened; any other gives it a number that JSON has no word for. So it
   * makes such a state whenever it is given none by mistake.
   */
  total: form<{ total?: number }>({
    nullState: {},
    reduce: (event, { total }) =>
      nOf(event) % 3 === 0 ? { total: (total ?? 0) + nOf(event) } : { total: (total as number) + nOf(event) },
    outcome({ n }, { total }) {
      if (total === undefined && n % 3 !== 0) return 'refused';
      return plain({ total: (total ?? 0) + n });
    },
  }),
  /** A list that grows, and is stored in parts. */
  list: {
    nullState: [] as unknown as State,
    stateType: appendListState as StateType,
    reduce(event, list: AppendList) {
      list.append(itemOf(nOf(event)));
      return list;
    },
    outcome: ({ n }, items) => plain([...(items as unknown as Json[]), itemOf(n)] as unknown as State),
  } as ReducerForm,
  /** A text that is edited in the middle, stored in parts, and begun anew now and then. */
  text: {
    nullState: { log: [], text: '' },
    stateType: longObjectState as StateType,
    reduce(event, object: LongObject) {
      const n = nOf(event);
      if (n % 11 === 0) object.clear();
      object.list('log').append(n);
      const text = object.text('text');
      text.splice(n % (text.length + 1), Math.min(n % 3, text.length - (n % (text.length + 1))), putOf(n));
      return object;
    },
    outcome({ n }, state) {
      const { text, log } = (n % 11 === 0 ? { text: '', log: [] } : state) as { text: string; log: Json[] };
      const at = n % (text.length + 1);
      const taken = Math.min(n % 3, text.length - at);
      return plain({ log: [...log, n], text: text.slice(0, at) + putOf(n) + text.slice(at + taken) });
    },
  } as ReducerForm,
} satisfies Record<string, ReducerForm>;

export type FormName = keyof typeof FORMS;
export const FORM_NAMES = Object.keys(FORMS) as FormName[];

export const SCOPES = {
  student: Scope([KeyField.STUDENT]),
  'student and doc': Scope([KeyField.STUDENT, eventField('doc')]),
  doc: Scope([eventField('doc')]),
  class: Scope([KeyField.CLASS]),
};
export type ScopeName = keyof typeof SCOPES;

/** A reducer of a script's module. */
export interface ReducerSpec {
  readonly form: FormName;
  readonly scope: ScopeName;
  /** The sources of its events. */
  readonly contexts: readonly string[];
  /** The kinds of events that it does not take as it takes others. */
  readonly minds: readonly Kind[];
}

/** Whether a state is one that a `fickle` event makes a reducer throw at. */
export function isUpset(state: unknown): boolean {
  // A list that grows, or an object that has one, as reducers have them or as what they hold.
  const { length, list, log } = state as { length?: unknown; list?: LongObject['list']; log?: unknown };
  if (typeof list === 'function') return (state as LongObject).list('log').length % 2 === 1;
  const items = Array.isArray(log) ? log.length : length;
  if (typeof items === 'number') return items % 2 === 1;
  return JSON.stringify(state).length % 2 === 1;
}
