import { expect, test } from '@jest/globals';
import type { Unit } from '../../../services/shared/state/port.ts';
import { stateField } from '../../../services/shared/state-key.ts';
import { appendListState } from '../../../services/shared/state-types/append-list.ts';
import { longObjectState } from '../../../services/shared/state-types/long-object.ts';
import { partField } from '../../../services/shared/state-types/part-field.ts';
import { plainText } from '../../../services/shared/state-types/plain-state.ts';
import type { StateType } from '../../../services/shared/state-types/state-type.ts';

const unit: Unit = { module: 'm.v1', topic: 't', partition: 3 };
const key = 'STUDENT:ada';
const ID = 'm.pages';

interface Read {
  readonly unit: Unit;
  readonly fields: readonly string[];
}

/** A store with some parts, which remembers what it was asked for. */
function storeWith(parts: ReadonlyMap<string, string>) {
  const reads: Read[] = [];
  const readMany = async (asked: Unit, fields: readonly string[]): Promise<readonly (string | null)[]> => {
    reads.push({ unit: asked, fields });
    return fields.map((field) => parts.get(field) ?? null);
  };
  return { reads, readMany };
}

const list = { id: ID, stateType: appendListState as StateType };

/** What a worker stores of a list of so many items. */
function stored(count: number): { head: string; parts: ReadonlyMap<string, string>; items: string[] } {
  const value = appendListState.open(null, []);
  const items = Array.from({ length: count }, (_, index) => `${index} ü, "${'x'.repeat(100)}"`);
  for (const item of items) value.append(item);
  const settled = appendListState.settle(value);
  if (settled.kind !== 'ok') throw new Error(settled.reason);
  const parts = settled.parts.map(({ index, text }) => [partField(ID, key, index), text] as const);
  return { head: settled.text, parts: new Map(parts), items };
}

test('plain JSON is what is stored, and nothing else is read', async () => {
  const store = storeWith(new Map());
  expect(await plainText(store, unit, { id: ID }, key, '{"parts":2}')).toBe('{"parts":2}');
  expect(store.reads).toEqual([]);
});

test('a list that is all in its head is a plain array, and nothing else is read', async () => {
  const { head, parts, items } = stored(3);
  expect(parts.size).toBe(0);
  const store = storeWith(parts);
  expect(JSON.parse((await plainText(store, unit, list, key, head))!)).toEqual(items);
  expect(store.reads).toEqual([]);
});

test('a list in parts is put together in order, out of one read of the unit', async () => {
  const { head, parts, items } = stored(200);
  expect(parts.size).toBeGreaterThan(3);
  const store = storeWith(parts);
  expect(JSON.parse((await plainText(store, unit, list, key, head))!)).toEqual(items);
  expect(store.reads).toEqual([{ unit, fields: [...parts.keys()] }]);
});

test('a part that is missing is an error that names the part and nothing of the learner', async () => {
  const { head, parts } = stored(200);
  const others = new Map([...parts].filter(([field]) => field !== partField(ID, key, 1)));
  others.set(stateField('Internal', ID, key), head);
  const reading = plainText(storeWith(others), unit, list, key, head);
  await expect(reading).rejects.toThrow(/^of the \d+ parts of a stored list, one is missing: 1$/);
});

test('of a state that was cleared after its head was read, what it is now', async () => {
  const object = longObjectState.open(null, { text: '' });
  const write = (text: string): { head: string; parts: readonly [string, string][] } => {
    object.text('text').splice(0, 0, text);
    const settled = longObjectState.settle(object);
    if (settled.kind !== 'ok') throw new Error(settled.reason);
    return {
      head: settled.text,
      parts: settled.parts.map((part) => [partField(ID, key, part.index), part.text]),
    };
  };
  const before = write('x'.repeat(600));
  object.clear();
  const after = write('y'.repeat(600));
  expect(before.parts.length).toBe(1);
  const type = { id: ID, stateType: longObjectState as StateType };
  const field = stateField('Internal', ID, key);
  const cleared = storeWith(new Map([...after.parts, [field, after.head]]));
  expect(await plainText(cleared, unit, type, key, before.head)).toBe(`{"text":"${'y'.repeat(600)}"}`);
  expect(await plainText(storeWith(new Map()), unit, type, key, before.head)).toBeNull();
});

test('a head that is none is an error', async () => {
  await expect(plainText(storeWith(new Map()), unit, list, key, '{"a":1}')).rejects.toThrow(
    'the stored list lacks its length, parts, bytes or tail',
  );
});
