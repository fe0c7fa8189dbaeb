import type { ModuleReducer } from '../shared/module.ts';
import { stateField } from '../shared/state-key.ts';
import { createEntry, type Entry, type Written, writeEntry } from './entry.ts';
import { checkEntry } from './fold.ts';
import type { FoldPolicy } from './fold-policy.ts';
import type { Growth } from './growth.ts';
import type { Refusal } from './refusal.ts';
import { createStateRows, type Row } from './state-rows.ts';

export interface Wanted {
  /** Of the reducer, in REDUCERS order. */
  readonly index: number;
  readonly key: string;
}

export interface StateCache {
  get(reducer: number, key: string): Entry | undefined;
  /** The fields to read for states that are not in memory, each of them wanted once. */
  fieldsOf(wanted: readonly Wanted[]): readonly string[];
  /** Takes the texts of `fieldsOf`, in its order. Throws UNIT_STOPPED when one is no state of its reducer. */
  fill(wanted: readonly Wanted[], texts: readonly (string | null)[]): void;
  /** Takes note that an event of so many bytes was given to an entry's fold. */
  touch(entry: Entry, bytes: number): void;
  /** The entries changed since the last cut. Each is then checked and written; one cut is in one checkpoint. */
  takeDirty(): readonly Entry[];
  /** Puts an entry into texts; what is refused because it could not be. */
  check(entry: Entry): readonly Refusal[] | Promise<readonly Refusal[]>;
  /** Adds what a checked entry changed to a checkpoint. */
  write(entry: Entry, written: Written): void;
  /** How many fields the dirty entries write, at most. */
  readonly dirtyFields: number;
  /**
   * About how many bytes they write: their names, and what they had before and the events since, or more if that used to
   * be short.
   */
  readonly dirtyBytes: number;
  /** About how many more that would be with an event of so many bytes, which is given to these. */
  moreBytes(entries: readonly (Entry | null)[], bytes: number): number;
  /** Not less than that, for however many entries, and told without a look at them. */
  mostMoreBytes(count: number, bytes: number): number;
  isOverBudget(): boolean;
  /**
   * Drops states that were not used for longest until an eighth of the budget is free: only what is stored, so never
   * one that is dirty, nor one of the last `inFlight` cuts. Not while a batch holds entries.
   */
  evict(inFlight?: number): void;
}

export interface StateCacheDeps {
  readonly reducers: readonly ModuleReducer[];
  readonly policy: FoldPolicy;
  readonly maxBytes: () => number;
  readonly growth: Growth;
}

/** What an entry takes in memory besides its field, its text and its value, with its place in the cache. */
const ENTRY_OVERHEAD_BYTES = 500;

/** Of a unit that wrote nothing yet, so many changed states are looked at to know how much it will. */
const LOOK_AT = 16;

/** A state is there as a text and as a value; while it is dirty, what its events hold counts for much the same. */
const sizeOf = ({ field, textLength }: Entry): number => ENTRY_OVERHEAD_BYTES + field.length + 3 * textLength;

/** The states of one unit in memory, bounded in bytes. A changed state is never dropped before it was checkpointed. */
export function createStateCache(deps: StateCacheDeps): StateCache {
  const { reducers, policy, growth } = deps;
  const rows = createStateRows(reducers);
  let dirty: Entry[] = [];
  let dirtyBytes = 0;
  let dirtyNames = 0;
  let dirtyParts = 0;
  /** The longest text and name that any entry ever had. */
  let longest = 0;
  /** Whether any reducer of the module keeps an external state of its own. */
  let anySplit = false;
  let totalBytes = 0;
  let cuts = 0;

  const isStored = (entry: Entry, inFlight: number): boolean =>
    !entry.isDirty && entry.cut <= cuts - inFlight;

  const recount = (entry: Entry): void => {
    const length = entry.text?.length ?? 0;
    totalBytes += 3 * (length - entry.textLength);
    entry.textLength = length;
    longest = Math.max(longest, length + entry.field.length);
  };

  /** Parts, and external states, that an entry writes besides its internal state. */
  const countMore = (entry: Entry): void => {
    anySplit ||= entry.externalStored || (entry.external !== undefined && entry.external !== null);
    if (entry.reducer.stateType === undefined) return;
    const parts = entry.parts.length + entry.type.waitingParts(entry.value);
    dirtyParts += parts - entry.countedParts;
    entry.countedParts = parts;
  };

  return {
    get: rows.get,
    fieldsOf: (wanted) =>
      wanted.flatMap(({ index, key }) => {
        const { id } = reducers[index]!;
        return [stateField('Internal', id, key), stateField('External', id, key)];
      }),
    fill(wanted, texts) {
      for (const [place, { index, key }] of wanted.entries()) {
        const stored = { internal: texts[2 * place] ?? null, external: texts[2 * place + 1] ?? null };
        const entry = createEntry(reducers[index]!, key, stored);
        rows.add(index, key, entry);
        totalBytes += sizeOf(entry);
        longest = Math.max(longest, entry.textLength + entry.field.length);
      }
    },
    touch(entry, bytes) {
      if (entry.folded.length === 0 && !entry.unsaved && !entry.busy) return;
      dirtyBytes += bytes;
      countMore(entry);
      if (entry.isDirty) return;
      entry.isDirty = true;
      dirty.push(entry);
      dirtyBytes += entry.textLength;
      dirtyNames += entry.field.length;
      if (!growth.isKnown && dirty.length === LOOK_AT) growth.look(dirty, dirtyBytes);
    },
    takeDirty() {
      growth.expect(dirtyBytes);
      const taken = dirty;
      dirty = [];
      dirtyBytes = 0;
      dirtyNames = 0;
      dirtyParts = 0;
      cuts += 1;
      return taken;
    },
    check: (entry) => checkEntry(entry, policy),
    write(entry, written) {
      entry.isDirty = false;
      entry.cut = cuts;
      entry.countedParts = 0;
      growth.wrote(writeEntry(entry, written));
      recount(entry);
    },
    get dirtyFields() {
      return dirty.length * (anySplit ? 2 : 1) + dirtyParts;
    },
    get dirtyBytes() {
      return dirtyBytes * growth.times + dirtyNames * (anySplit ? 2 : 1);
    },
    moreBytes(entries, bytes) {
      let more = 0;
      for (const entry of entries)
        if (entry !== null) more += bytes + (entry.isDirty ? 0 : entry.textLength + entry.field.length);
      return more * growth.times;
    },
    mostMoreBytes: (count, bytes) => count * (bytes + longest) * growth.times,
    isOverBudget: () => totalBytes > deps.maxBytes(),
    evict(inFlight = 0) {
      const enough = (deps.maxBytes() * 7) / 8;
      const keep = (row: Row): boolean =>
        !row.entries.every((entry) => entry === undefined || isStored(entry, inFlight));
      rows.evict(
        () => totalBytes <= enough,
        keep,
        (row) => {
          for (const entry of row.entries) if (entry !== undefined) totalBytes -= sizeOf(entry);
        },
      );
    },
  };
}
