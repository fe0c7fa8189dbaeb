import type { Unit } from '../../services/shared/state/port.ts';
import { isSessionField } from '../../services/shared/state-key.ts';
import { collect } from '../support/collect.ts';
import type { House } from './house.ts';

/** What a unit has of those that publish for it. */
const MARK = 'Mark,';
const PART = /,PART:(\d+)$/;

interface StoredList {
  readonly length: number;
  readonly tail: readonly unknown[];
}

const isList = (value: unknown): value is StoredList => Array.isArray((value as StoredList | null)?.tail);

/** The states that are stored of a unit, by field; a list that only grows is put together out of its parts. */
export async function readStates({ state }: House, unit: Unit): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  const parts = new Map<string, unknown[][]>();
  for (const { field, value } of await collect(state.entries(unit))) {
    if (isSessionField(field) || field.startsWith(MARK)) continue;
    const index = PART.exec(field)?.[1];
    if (index === undefined) found.set(field, JSON.parse(value));
    else {
      const head = field.replace(PART, '');
      const known = parts.get(head) ?? [];
      known[Number(index)] = JSON.parse(value) as unknown[];
      parts.set(head, known);
    }
  }
  for (const [field, value] of found)
    if (isList(value)) found.set(field, [...(parts.get(field) ?? []).flat(), ...value.tail]);
  for (const field of parts.keys()) if (!found.has(field)) found.set(field, 'parts without their list');
  return found;
}
