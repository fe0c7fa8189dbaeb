import { type KeyValues, keyText, stateField } from '../shared/state-key.ts';
import type { Catalog, Target } from './catalog.ts';
import { shownKey } from './parameters.ts';
import type { Reading, StateReader, UnitAsOf } from './state-reader.ts';
import type { Versions } from './versions.ts';

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
  /**
   * Reads the keys, and returns those that show something else than before. Those of a module whose version is being
   * changed show what they did, until `turn` after it.
   */
  read(keys: Iterable<WatchedKey<W>>): Promise<readonly WatchedKey<W>[]>;
  /**
   * Has the keys of a module be read of the version that is shown now; and gives those that it does not have: a reducer is
   * gone, or has other keys.
   */
  turn(moduleName: string): {
    readonly kept: readonly WatchedKey<W>[];
    readonly gone: readonly WatchedKey<W>[];
  };
}

export interface WatchedKeysDeps {
  readonly reader: StateReader;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly versions: Pick<Versions, 'isSettling' | 'reading'>;
}

type Mutable<T> = { -readonly [name in keyof T]: T[name] };

/** A field's name without its kind: internal and external states are two faces of one key. */
function withoutKind(field: string): string {
  return field.slice(field.indexOf(',') + 1);
}

/** What names the states of a reducer. */
const fieldsOf = ({ parameters }: Target): string => parameters.map(({ field }) => field).join();

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

export function createWatchedKeys<W>({ reader, catalog, versions }: WatchedKeysDeps): WatchedKeys<W> {
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
    turn(moduleName) {
      const kept: WatchedKey<W>[] = [];
      const gone: WatchedKey<W>[] = [];
      for (const key of keys.values()) {
        if (key.target.module.name !== moduleName) continue;
        const target = catalog.find(key.target.reducer.id);
        const isThere = target !== undefined && fieldsOf(target) === fieldsOf(key.target);
        if (isThere) key.target = target;
        (isThere ? kept : gone).push(key);
      }
      return { kept, gone };
    },
    async read(some) {
      const byTarget = new Map<Target, Mutable<WatchedKey<W>>[]>();
      for (const key of some) byTarget.set(key.target, [...(byTarget.get(key.target) ?? []), key]);
      const changed: WatchedKey<W>[] = [];
      for (const [target, group] of byTarget) {
        const { name } = target.module;
        if (versions.isSettling(name)) continue;
        const values = group.map((key) => key.values);
        const readings = await versions.reading(name, reader.read(target, values));
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
