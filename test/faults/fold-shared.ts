import { partitionOf } from '../../services/shared/partition.ts';
import { keyText, stateField } from '../../services/shared/state-key.ts';
import { link } from '../support/audit-module/trail.js';
import { createDuplicates } from './duplicates.ts';
import type { ClientFields, Folded } from './fold.ts';
import type { HistoryRecord } from './records.ts';

/**
 * What the module whose states students share must have come to. Its states are folded from what the load sent, and not
 * from what workers made of that under other keys; of the latter it is only asked whether all of it is there, once.
 */

export type Partitions = ReadonlyMap<number, readonly HistoryRecord[]>;

export interface FoldedShared {
  /** By partition of the topic that the load sends to: no state, and the dead letters of what is no event. */
  readonly sources: ReadonlyMap<number, Folded>;
  /** By partition of the rekey topic: the states, without their dead letters. */
  readonly states: ReadonlyMap<number, ReadonlyMap<string, unknown>>;
  /** Each place that an event must have under another key. */
  readonly places: ReadonlySet<string>;
  readonly folded: number;
}

interface Shared {
  readonly count: number;
  readonly chains: Readonly<Record<string, number>>;
}

/** In the order of their keys' texts. */
const REDUCERS = [
  { id: 'shared.by_group', field: 'group', fault: 'throw-by-group' },
  { id: 'shared.by_item', field: 'item', fault: 'throw-by-item' },
] as const;

const keyOf = ({ field }: (typeof REDUCERS)[number], client: ClientFields): string =>
  keyText({ [`EventField.${field}`]: String(client[field]) });

const placeOf = (from: string, n: number, key: string, id: string): string => `${from}#${n} ${key}: ${id}`;

export function foldShared(partitions: Partitions): FoldedShared {
  const sources = new Map<number, Folded>();
  const states = new Map<number, Map<string, unknown>>([...partitions.keys()].map((at) => [at, new Map()]));
  const places = new Set<string>();
  let folded = 0;

  const foldEvent = (from: string, student: string, client: ClientFields): void => {
    for (const [n, reducer] of REDUCERS.entries()) {
      const key = keyOf(reducer, client);
      places.add(placeOf(from, n, key, client.id));
      if (client.fault === reducer.fault) continue;
      const own = states.get(partitionOf(key, partitions.size))!;
      const field = stateField('Internal', reducer.id, key);
      const { count, chains } = (own.get(field) as Shared | undefined) ?? { count: 0, chains: {} };
      const chain = link(chains[student] ?? 7, client.id);
      own.set(field, { count: count + 1, chains: { ...chains, [student]: chain } });
      folded += 1;
    }
  };

  for (const [partition, records] of partitions) {
    const isDuplicate = createDuplicates();
    const letters = new Set<string>();
    for (const record of records) {
      const { offset, event } = record;
      if (event === null) letters.add(`shared@${offset}`);
      else if (!isDuplicate(record))
        foldEvent(`${partition}@${offset}`, event.key, JSON.parse(event.client) as ClientFields);
    }
    sources.set(partition, { states: new Map(), letters, duplicates: 0, folded: 0 });
  }
  return { sources, states, places, folded };
}

export interface Rekeyed {
  /** By partition: `<reducer>@<offset>` of each dead letter. */
  readonly letters: ReadonlyMap<number, ReadonlySet<string>>;
  /** As they stand in the topic; what is not above all that came before from the same partition does not count. */
  readonly places: readonly string[];
}

/** Reads what workers made of the events under other keys. */
export function readRekeyed(partitions: Partitions): Rekeyed {
  const letters = new Map<number, Set<string>>();
  const places: string[] = [];
  for (const [partition, records] of partitions) {
    const own = new Set<string>();
    letters.set(partition, own);
    const marks = new Map<number, readonly [offset: number, n: number]>();
    for (const { offset, key, headers, event } of records) {
      const [from, at, n] = ['partition', 'offset', 'n'].map((name) =>
        Number(headers[`lectern-origin-${name}`]!.toString()),
      ) as [number, number, number];
      const [highest, last] = marks.get(from) ?? [-1, -1];
      if (at < highest || (at === highest && n <= last)) continue;
      marks.set(from, [at, n]);
      const client = JSON.parse(event!.client) as ClientFields;
      places.push(placeOf(`${from}@${at}`, n, key!, client.id));
      for (const reducer of REDUCERS)
        if (client.fault === reducer.fault && keyOf(reducer, client) === key)
          own.add(`${reducer.id}@${offset}`);
    }
  }
  return { letters, places };
}
