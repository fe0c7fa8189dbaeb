import type { ModuleReducer } from '../shared/module.ts';
import { scopeFieldNames } from '../shared/module.ts';
import type { Entry } from './entry.ts';
import { createSecondChance, type Droppable, type SecondChance } from './second-chance.ts';

/** The states of one key in memory, of all reducers whose scopes are the same: found together, dropped together. */
export interface Row extends Droppable {
  readonly key: string;
  readonly group: Group;
  /** By the reducers' places in their group. */
  readonly entries: (Entry | undefined)[];
}

/** The reducers of one scope. */
export interface Group {
  readonly rows: Map<string, Row>;
  readonly size: number;
  /** The row asked for last: the reducers of a group ask for one key one after another. */
  last: Row | undefined;
}

export interface StateRows {
  get(reducer: number, key: string): Entry | undefined;
  add(reducer: number, key: string, entry: Entry): void;
  readonly evict: SecondChance<Row>['evict'];
}

/** Finds the states of a unit in memory: at any number of keys one look-up for all reducers of a scope. */
export function createStateRows(reducers: readonly ModuleReducer[]): StateRows {
  const scopes = reducers.map(({ scope }) => scopeFieldNames(scope).join(','));
  const groups = new Map<string, Group>();
  for (const scope of scopes)
    groups.set(scope, {
      rows: new Map(),
      size: scopes.filter((other) => other === scope).length,
      last: undefined,
    });
  const groupOf = scopes.map((scope) => groups.get(scope)!);
  const placeOf = scopes.map((scope, index) => scopes.slice(0, index).filter((s) => s === scope).length);
  const chances = createSecondChance<Row>();

  const find = (group: Group, key: string): Row | undefined => {
    const { last } = group;
    if (last !== undefined && last.key === key) return last;
    const row = group.rows.get(key);
    if (row !== undefined) group.last = row;
    return row;
  };

  return {
    get(reducer, key) {
      const row = find(groupOf[reducer]!, key);
      if (row === undefined) return undefined;
      row.used = true;
      return row.entries[placeOf[reducer]!];
    },
    add(reducer, key, entry) {
      const group = groupOf[reducer]!;
      let row = find(group, key);
      if (row === undefined) {
        const entries = new Array<Entry | undefined>(group.size).fill(undefined);
        row = { key, group, entries, used: true };
        group.rows.set(key, row);
        chances.add(row);
      }
      row.entries[placeOf[reducer]!] = entry;
    },
    evict: (enough, keep, dropped) =>
      chances.evict(enough, keep, (row) => {
        row.group.rows.delete(row.key);
        if (row.group.last === row) row.group.last = undefined;
        dropped(row);
      }),
  };
}
