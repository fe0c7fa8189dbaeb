import { checkModule } from '../../services/shared/module-check.ts';
import { isSplit, type Json, type LearningEvent, unchanged } from '../../services/shared/reducer-api.ts';
import { jsonState } from '../../services/shared/state-types/json.ts';
import type { StateType } from '../../services/shared/state-types/state-type.ts';

/** A state as a store has it. */
interface Stored {
  head: string | null;
  readonly parts: Map<number, string>;
}

function settle(type: StateType, value: unknown, stored: Stored): void {
  const settled = type.settle(value);
  if (settled.kind !== 'ok') throw new Error(settled.reason);
  stored.head = settled.text;
  for (const { index, text } of settled.parts) stored.parts.set(index, text);
}

function plainOf(type: StateType, { head, parts }: Stored): Json {
  const { from, to } = type.partRange(head!);
  const texts = Array.from({ length: to - from }, (_, index) => parts.get(from + index) ?? null);
  return JSON.parse(type.plain(head!, texts)) as Json;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) freeze(member);
    Object.freeze(value);
  }
  return value;
}

/**
 * What queries see of one reducer of a module after events of one key; undefined when nothing was ever written. The state
 * is stored and opened again after each event for which `restart` says so. Events are frozen; what is refused throws.
 */
export function foldOne(
  module: Record<string, unknown>,
  name: string,
  events: readonly LearningEvent[],
  restart: (index: number) => boolean = () => false,
): Json | undefined {
  const checked = checkModule(module);
  if (!('module' in checked)) throw new Error(checked.problems.join('\n'));
  const reducer = checked.module.reducers.find((one) => one.name === name);
  if (reducer === undefined) throw new Error(`there is no ${name}`);
  const type = reducer.stateType ?? (jsonState as StateType);
  const stored: Stored = { head: null, parts: new Map() };
  let value = type.open(null, reducer.nullState);
  for (const [index, event] of events.entries()) {
    const version = type.version(value);
    const result = reducer.reduce(freeze(structuredClone(event)), value);
    if (result instanceof Promise || isSplit(result)) throw new Error('not for such reducers');
    if (result === unchanged) {
      if (type.version(value) !== version) throw new Error(`${name} changed its state and said unchanged`);
      continue;
    }
    value = type.follow(value, result);
    settle(type, value, stored);
    if (restart(index)) value = type.open(stored.head, reducer.nullState);
  }
  return stored.head === null ? undefined : plainOf(type, stored);
}

export interface EventFields {
  readonly [field: string]: unknown;
}

/** An event as a reducer gets it, of the student `ls-ada`. */
export function eventAt(time: number, fields: EventFields): LearningEvent {
  const auth = { sec: 'authenticated', user_id: 'ada', providence: 'ls', safe_user_id: 'ls-ada' };
  const client = { event: 'keystroke', source: 'org.mitros.writing_analytics', auth, ...fields };
  return { client, server: { time }, metadata: { auth } };
}
