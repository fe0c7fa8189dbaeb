import { keyText, stateField } from '../../services/shared/state-key.ts';
import { link } from '../support/audit-module/trail.js';
import { createDuplicates } from './duplicates.ts';
import type { HistoryRecord } from './records.ts';

/**
 * The fold that the worker must have come to, written here once more and as plainly as can be: nothing of the worker's
 * own is used but how it names its states.
 */

export interface Folded {
  /** By field: the state. */
  readonly states: ReadonlyMap<string, unknown>;
  /** `<reducer>@<offset>` of each dead letter. */
  readonly letters: ReadonlySet<string>;
  readonly duplicates: number;
  /** Times that a reducer took an event. */
  readonly folded: number;
}

/** Which reducer of the module each `fault` of an event is for. */
const VICTIM_OF: Readonly<Record<string, string>> = {
  throw: 'faults.chain',
  'throw-after-append': 'faults.list',
  spin: 'faults.chain',
  reject: 'faults.trail',
  never: 'faults.trail',
  'not-json': 'faults.split',
  large: 'faults.split',
};

/** And for which each `fault` is that may be found before its event is stored, or after, when it counts as folded. */
const MAYBE_VICTIM_OF: Readonly<Record<string, string>> = {
  'reject-detached': 'faults.chain',
  'throw-in-timer': 'faults.chain',
};

interface Chained {
  readonly chain: number;
  readonly count: number;
}

const NEW: Chained = { chain: 7, count: 0 };

/** What the module that chokes on nothing makes of the records of one partition. */
export function foldHealthy(records: readonly HistoryRecord[]): Folded {
  const isDuplicate = createDuplicates();
  const states = new Map<string, unknown>();
  const letters = new Set<string>();
  let [duplicates, folded] = [0, 0];
  for (const record of records) {
    const { offset, event } = record;
    if (event === null) letters.add(`healthy@${offset}`);
    else if (isDuplicate(record)) duplicates += 1;
    else {
      const field = stateField('Internal', 'healthy.chain', keyText({ STUDENT: event.key }));
      const { chain, count } = (states.get(field) as Chained | undefined) ?? NEW;
      const { id } = JSON.parse(event.client) as ClientFields;
      states.set(field, { chain: link(chain, id), count: count + 1 });
      folded += 1;
    }
  }
  return { states, letters, duplicates, folded };
}

/**
 * The records of one partition, from the first one on. `leftOut` names, as dead letters are, those that the worker says
 * to have left out, which counts only where it could leave them out or not.
 */
export function foldPartition(
  records: readonly HistoryRecord[],
  leftOut: ReadonlySet<string> = new Set(),
): Folded {
  const isDuplicate = createDuplicates();
  const states = new Map<string, unknown>();
  const letters = new Set<string>();
  let duplicates = 0;
  let folded = 0;

  const foldEvent = (offset: number, key: string, { id, item, fault }: ClientFields): void => {
    const fold = (reducer: string, reduce: () => void): void => {
      const name = `${reducer}@${offset}`;
      const isMaybe = fault !== undefined && MAYBE_VICTIM_OF[fault] === reducer && leftOut.has(name);
      if (isMaybe || (fault !== undefined && VICTIM_OF[fault] === reducer)) letters.add(name);
      else {
        reduce();
        folded += 1;
      }
    };
    const counted = (reducer: string, keys: Record<string, string>) => () => {
      const field = stateField('Internal', reducer, keyText(keys));
      const { chain, count } = (states.get(field) as Chained | undefined) ?? NEW;
      states.set(field, { chain: link(chain, id), count: count + 1 });
    };
    fold('faults.chain', counted('faults.chain', { STUDENT: key }));
    fold('faults.trail', counted('faults.trail', { STUDENT: key, 'EventField.item': String(item) }));
    fold('faults.list', () => {
      const field = stateField('Internal', 'faults.list', keyText({ STUDENT: key }));
      const items = (states.get(field) as string[] | undefined) ?? [];
      items.push(id);
      states.set(field, items);
    });
    fold('faults.split', () => {
      const [internal, external] = (['Internal', 'External'] as const).map((kind) =>
        stateField(kind, 'faults.split', keyText({ STUDENT: key })),
      );
      const before = (states.get(internal!) as Chained | undefined) ?? NEW;
      const chain = link(before.chain, id);
      states.set(internal!, { chain, ballast: '' });
      states.set(external!, { chain });
    });
  };

  for (const record of records) {
    if (record.event === null) letters.add(`faults@${record.offset}`);
    else if (isDuplicate(record)) duplicates += 1;
    else foldEvent(record.offset, record.event.key, JSON.parse(record.event.client) as ClientFields);
  }
  return { states, letters, duplicates, folded };
}

export interface ClientFields {
  readonly id: string;
  readonly item: number;
  readonly group: number;
  readonly fault?: string;
}
