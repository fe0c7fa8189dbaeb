import { type KeyValues, keyText, stateField } from '../shared/state-key.ts';
import type { Target } from './catalog.ts';
import { shownKey } from './parameters.ts';
import type { Reading, StateReader, UnitAsOf } from './state-reader.ts';

/** A key that at least one live stream shows, with what was last read of it. All that show it share one. */
export interface WatchedKey<W> {
  readonly target: Target;
  readonly values: KeyValues;
  readonly watchers: Set<W>;
  /**
   * The JSON of `{key, state, default}`; while the state is made anew out of history, of
   * `{key, state: null, default: false, rebuilding: {target, progress}}`. Null until it was read.
   */
  readonly item: string | null;
  readonly unit: UnitAsOf | null;
}

export interface WatchedKeys<W> {
  readonly size: number;
  add(target: Target, values: KeyValues, watcher: W): WatchedKey<W>;
  remove(key: WatchedKey<W>, watcher: W): void;
  /** The watched key whose state is in a field of a unit, if there is one. */
  ofField(field: string): WatchedKey<W> | undefined;
  all(): Iterable<WatchedKey<W>>;
  /** Reads the keys, and returns those that show something else than before. */
  read(keys: Iterable<WatchedKey<W>>): Promise<readonly WatchedKey<W>[]>;
}

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

/** A field's name without its kind: internal and external states are two faces of one key. */
function withoutKind(field: string): string {
  return field.slice(field.indexOf(',') + 1);
}

function itemOf(target: Target, values: KeyValues, { text, rebuilding }: Reading): string {
  const key = JSON.stringify(shownKey(target, values));
  if (rebuilding !== null) {
    // In whole percent, so that a rebuild costs a stream a hundred messages at most.
    const shown = { target: rebuilding.target, progress: Math.floor(rebuilding.progress * 100) / 100 };
    return `{"key":${key},"state":null,"default":false,"rebuilding":${JSON.stringify(shown)}}`;
  }
  const state = text ?? JSON.stringify(target.reducer.default);
  return `{"key":${key},"state":${state},"default":${text === null}}`;
}

export function createWatchedKeys<W>(reader: StateReader): WatchedKeys<W> {
  const keys = new Map<string, Mutable<WatchedKey<W>>>();
  const idOf = (target: Target, values: KeyValues): string =>
    withoutKind(stateField('Internal', target.reducer.id, keyText(values)));

  return {
    get size() {
      return keys.size;
    },
    add(target, values, watcher) {
      const id = idOf(target, values);
      const key = keys.get(id) ?? { target, values, watchers: new Set(), item: null, unit: null };
      key.watchers.add(watcher);
      keys.set(id, key);
      return key;
    },
    remove(key, watcher) {
      key.watchers.delete(watcher);
      if (key.watchers.size === 0) keys.delete(idOf(key.target, key.values));
    },
    ofField: (field) => keys.get(withoutKind(field)),
    all: () => keys.values(),
    async read(some) {
      const byTarget = new Map<Target, Mutable<WatchedKey<W>>[]>();
      for (const key of some) byTarget.set(key.target, [...(byTarget.get(key.target) ?? []), key]);
      const changed: WatchedKey<W>[] = [];
      for (const [target, group] of byTarget) {
        const readings = await reader.read(
          target,
          group.map((key) => key.values),
        );
        for (const [index, key] of group.entries()) {
          const item = itemOf(target, key.values, readings[index]!);
          key.unit = readings[index]!.unit;
          if (item !== key.item) changed.push(key);
          key.item = item;
        }
      }
      return changed;
    },
  };
}
