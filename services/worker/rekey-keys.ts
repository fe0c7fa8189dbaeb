import type { LogRecord } from '../shared/log/port.ts';
import type { Module, ModuleReducer } from '../shared/module.ts';
import { eventsTopic, rekeyTopic } from '../shared/topics.ts';
import { originOf } from './rekey-origin.ts';
import { createKeyers, type Keyed } from './scope.ts';

type Keys = readonly (string | null)[];

/** What the unit of a topic has to do with keys. */
export interface TopicReducers {
  readonly isRekey: boolean;
  /** Those that the topic's units fold, in REDUCERS order. */
  readonly folded: readonly ModuleReducer[];
  /** Those that get the topic's events through the module's rekey topic. */
  readonly rekeyed: readonly ModuleReducer[];
}

/** Which reducers of a module the units of one of its topics fold, and for which they publish. */
export function reducersOfTopic(module: Module, namespace: string, topic: string): TopicReducers {
  const { reducers } = module;
  if (topic === rekeyTopic(namespace, module.id))
    return { isRekey: true, folded: reducers.filter(({ rekeyed }) => rekeyed), rekeyed: [] };
  const here = reducers.filter(({ contexts }) =>
    contexts.some((context) => eventsTopic(namespace, context) === topic),
  );
  return {
    isRekey: false,
    folded: here.filter(({ rekeyed }) => !rekeyed),
    rekeyed: here.filter(({ rekeyed }) => rekeyed),
  };
}

/**
 * The distinct keys under which an event is published, in an order that depends on nothing else: that of their texts. An
 * event that lacks a field of a scope has no key of it.
 */
export function createRekeyer(reducers: readonly ModuleReducer[]): (event: Keyed) => readonly string[] {
  const keysOf = createKeyers(reducers.map(({ scope }) => scope));
  return (event) => {
    const keys = keysOf(event).filter((key) => key !== null);
    return keys.length < 2 ? keys : [...new Set(keys)].sort();
  };
}

/**
 * The keys of a rekey topic's record, by reducer: its own, for those that have the context that it comes from and whose
 * key it is. Throws when the record does not say where it comes from, or has no key.
 */
export function createRekeyedKeys(
  reducers: readonly ModuleReducer[],
  namespace: string,
): (event: Keyed, record: LogRecord) => Keys {
  const keysOf = createKeyers(reducers.map(({ scope }) => scope));
  const topics = reducers.map(
    ({ contexts }) => new Set(contexts.map((context) => eventsTopic(namespace, context))),
  );
  return (event, { key, headers }) => {
    const origin = originOf(headers);
    if (origin === null) throw new Error('its headers do not say where the event comes from');
    if (key === null) throw new Error('the record has none');
    const own = key.toString();
    return keysOf(event).map((text, index) =>
      text === own && topics[index]!.has(origin.topic) ? text : null,
    );
  };
}
