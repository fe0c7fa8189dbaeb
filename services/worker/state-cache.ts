import type { Module, ModuleReducer } from '../shared/modules.ts';
import { stateField } from '../shared/state-key.ts';
import { createEntry, type Entry } from './fold.ts';

export interface Wanted {
  readonly reducer: ModuleReducer;
  readonly key: string;
}

export interface StateCache {
  get(reducer: ModuleReducer, key: string): Entry | undefined;
  /** Reads states that are not in memory, in one call of `readMany`; a state may be wanted several times. */
  load(wanted: readonly Wanted[]): Promise<void>;
  /** Takes note that an event of so many bytes was folded into an entry. */
  touch(entry: Entry, bytes: number): void;
  /** The entries changed since the last cut, which the caller now writes and gives back with `settle`. */
  takeDirty(): readonly Entry[];
  settle(entries: readonly Entry[]): void;
  /** How many fields the dirty entries write, at most. */
  readonly dirtyFields: number;
  /** About what the dirty entries' texts have now: what they had at the last cut, and the events since. */
  readonly dirtyBytes: number;
  isOverBudget(): boolean;
  /**
   * Drops clean entries, those loaded first, until half the budget is free. Only when no batch needs them and every
   * checkpoint is stored: they are read back from there.
   */
  evict(): void;
}

export interface StateCacheDeps {
  readonly module: Module;
  readonly readMany: (fields: readonly string[]) => Promise<readonly (string | null)[]>;
  readonly maxBytes: () => number;
}

const ENTRY_OVERHEAD_BYTES = 300;

function sizeOf(entry: Entry): number {
  return ENTRY_OVERHEAD_BYTES + entry.key.length + 3 * (entry.text?.length ?? 0);
}

/** The states of one unit in memory, bounded in bytes. A changed state is never dropped before it was checkpointed. */
export function createStateCache(deps: StateCacheDeps): StateCache {
  const byReducer = new Map<ModuleReducer, Map<string, Entry>>(
    deps.module.reducers.map((reducer) => [reducer, new Map<string, Entry>()]),
  );
  let dirty = new Set<Entry>();
  let dirtyBytes = 0;
  /** Whether any reducer of the module keeps an external state of its own. */
  let anySplit = false;
  let totalBytes = 0;

  const once = (wanted: readonly Wanted[]): Wanted[] => {
    const seen = new Set<string>();
    return wanted.filter(({ reducer, key }) => {
      const name = stateField('Internal', reducer.id, key);
      if (seen.has(name)) return false;
      seen.add(name);
      return true;
    });
  };

  return {
    get: (reducer, key) => byReducer.get(reducer)!.get(key),
    async load(wanted) {
      if (wanted.length === 0) return;
      const absent = once(wanted);
      const fields = absent.flatMap(({ reducer, key }) => [
        stateField('Internal', reducer.id, key),
        stateField('External', reducer.id, key),
      ]);
      const texts = await deps.readMany(fields);
      absent.forEach(({ reducer, key }, index) => {
        const stored = { internal: texts[2 * index] ?? null, external: texts[2 * index + 1] ?? null };
        const entry = createEntry(reducer, key, stored);
        byReducer.get(reducer)!.set(key, entry);
        totalBytes += sizeOf(entry);
      });
    },
    touch(entry, bytes) {
      dirtyBytes += bytes;
      anySplit ||= entry.externalStored || (entry.external !== undefined && entry.external !== null);
      if (dirty.has(entry)) return;
      dirty.add(entry);
      dirtyBytes += entry.text?.length ?? 0;
    },
    takeDirty() {
      const taken = [...dirty];
      dirty = new Set();
      dirtyBytes = 0;
      for (const entry of taken) totalBytes -= sizeOf(entry);
      return taken;
    },
    settle(entries) {
      for (const entry of entries) totalBytes += sizeOf(entry);
    },
    get dirtyFields() {
      return dirty.size * (anySplit ? 2 : 1);
    },
    get dirtyBytes() {
      return dirtyBytes;
    },
    isOverBudget: () => totalBytes > deps.maxBytes(),
    evict() {
      const limit = deps.maxBytes();
      for (const entries of byReducer.values())
        for (const [key, entry] of entries) {
          if (totalBytes <= limit / 2) return;
          if (dirty.has(entry)) continue;
          entries.delete(key);
          totalBytes -= sizeOf(entry);
        }
    },
  };
}
