import type { Entry } from './entry.ts';
import type { Item } from './intake.ts';
import type { ReadSize } from './read-size.ts';
import type { Sessions } from './sessions.ts';
import type { StateCache, Wanted } from './state-cache.ts';

/** By reducer; null where an event has no key for it. */
export type Entries = (Entry | null)[];

export interface Loaded {
  /** By item, from the first that was asked for on; at least one, where there is one. */
  readonly entries: readonly Entries[];
  /** Whether sessions were read, which tell what is a duplicate. */
  readonly readSessions: boolean;
}

export interface LoadEntriesDeps {
  readonly cache: Pick<StateCache, 'get' | 'fieldsOf' | 'fill'>;
  readonly sessions: Pick<Sessions, 'missing' | 'fill'>;
  readonly readSize: ReadSize;
  /** The texts of fields of the unit, in one round trip. */
  readonly readMany: (fields: readonly string[]) => Promise<readonly (string | null)[]>;
}

/** Finds the entries that items need, from one of them on. */
export type LoadEntries = (items: readonly Item[], from: number) => Promise<Loaded>;

/** A state that memory lacks, and all who want it. */
interface Missing extends Wanted {
  readonly places: Entries[];
}

const lengthOf = (texts: readonly (string | null)[]): number =>
  texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);

function want(missing: Map<string, Missing>, index: number, key: string, place: Entries): void {
  const name = `${index},${key}`;
  const known = missing.get(name);
  if (known === undefined) missing.set(name, { index, key, places: [place] });
  else known.places.push(place);
}

/**
 * What memory lacks, and the sessions that it lacks, are read in one round trip: for all items, or for as many as need no
 * more states than one read should give. Who folds them drops what is stored before asking for the rest.
 */
export function createLoadEntries(deps: LoadEntriesDeps): LoadEntries {
  const { cache, sessions, readSize } = deps;

  const find = ({ keys }: Item, missing: Map<string, Missing>): Entries => {
    const entries: Entries = new Array<Entry | null>(keys.length);
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!;
      const entry = key === null ? null : cache.get(index, key);
      if (entry === undefined) want(missing, index, key!, entries);
      else entries[index] = entry;
    }
    return entries;
  };

  const read = async (wanted: readonly Missing[], more: readonly string[]): Promise<void> => {
    const fields = cache.fieldsOf(wanted);
    if (fields.length + more.length === 0) return;
    const texts = await deps.readMany([...fields, ...more]).catch((error: unknown) => {
      readSize.failed(wanted.length);
      throw error;
    });
    const states = texts.slice(0, fields.length);
    readSize.learn(wanted.length, lengthOf(states));
    cache.fill(wanted, states);
    sessions.fill(more, texts.slice(fields.length));
  };

  return async (items, from) => {
    const missing = new Map<string, Missing>();
    const entries: Entries[] = [];
    const { most } = readSize;
    for (let at = from; at < items.length && missing.size < most; at++)
      entries.push(find(items[at]!, missing));
    const isAll = entries.length === items.length;
    const more = sessions.missing(isAll ? items : items.slice(from, from + entries.length));
    const wanted = [...missing.values()];
    await read(wanted, more);
    for (const { index, key, places } of wanted)
      for (const place of places) place[index] = cache.get(index, key)!;
    return { entries, readSessions: more.length > 0 };
  };
}
