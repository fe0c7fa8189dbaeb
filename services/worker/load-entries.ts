import type { Entry } from './entry.ts';
import type { Item } from './intake.ts';
import type { Sessions } from './sessions.ts';
import type { StateCache, Wanted } from './state-cache.ts';

/** By reducer; null where an event has no key for it. */
export type Entries = (Entry | null)[];

export interface Loaded {
  /** By item. */
  readonly entries: readonly Entries[];
  /** Whether sessions were read, which tell what is a duplicate. */
  readonly readSessions: boolean;
}

export interface LoadEntriesDeps {
  readonly cache: Pick<StateCache, 'get' | 'fieldsOf' | 'fill'>;
  readonly sessions: Pick<Sessions, 'missing' | 'fill'>;
  /** The texts of fields of the unit, in one round trip. */
  readonly readMany: (fields: readonly string[]) => Promise<readonly (string | null)[]>;
}

/** Finds the entries that items need; what memory lacks, and the sessions that it lacks, are read in one round trip. */
export function createLoadEntries(deps: LoadEntriesDeps): (items: readonly Item[]) => Promise<Loaded> {
  const { cache, sessions } = deps;
  return async (items) => {
    const wanted: Wanted[] = [];
    const places: { readonly entries: Entries; readonly want: Wanted }[] = [];
    const all = items.map(({ keys }) => {
      const entries: Entries = new Array<Entry | null>(keys.length);
      for (let index = 0; index < keys.length; index++) {
        const key = keys[index]!;
        const entry = key === null ? null : cache.get(index, key);
        if (entry === undefined) {
          const want = { index, key: key! };
          wanted.push(want);
          places.push({ entries, want });
        } else entries[index] = entry;
      }
      return entries;
    });
    const fields = cache.fieldsOf(wanted);
    const more = sessions.missing(items);
    if (fields.length + more.length > 0) {
      const texts = await deps.readMany([...fields, ...more]);
      cache.fill(wanted, texts.slice(0, fields.length));
      sessions.fill(more, texts.slice(fields.length));
    }
    for (const { entries, want } of places) entries[want.index] = cache.get(want.index, want.key)!;
    return { entries: all, readSessions: more.length > 0 };
  };
}
