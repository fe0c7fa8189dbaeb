import {
  eventField,
  KeyField,
  type LearningEvent,
  Scope,
  states,
  unchanged,
} from '../../../services/shared/reducer-api.ts';
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
  readonly reduce: (event: LearningEvent, state: never, machine: Machine) => unknown;
  /** Null when the event changes nothing. */
  readonly outcome: (event: WorldEvent, state: State) => Outcome | null;
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
  outcome: (event: WorldEvent, state: S) => Outcome | null;
}): ReducerForm {
  return given as ReducerForm;
}

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
  return JSON.stringify(state).length % 2 === 1;
}
