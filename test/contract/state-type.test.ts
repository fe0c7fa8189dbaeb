import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AppendList, Json, LongObject } from '../../services/shared/reducer-api.ts';
import { appendListState } from '../../services/shared/state-types/append-list.ts';
import { jsonState } from '../../services/shared/state-types/json.ts';
import { longObjectState } from '../../services/shared/state-types/long-object.ts';
import { findStateType, stateTypeNames } from '../../services/shared/state-types/registry.ts';
import type { StateType } from '../../services/shared/state-types/state-type.ts';

/** What must hold of every state type: a state is stored, opened again and read as if it had never left memory. */

interface Subject {
  readonly type: StateType;
  readonly nullState: Json;
  /** Adds one item; gives what a reducer would return. */
  readonly add: (value: unknown, item: Json) => unknown;
  readonly plain: (items: readonly Json[]) => Json;
}

const subjects: Readonly<Record<string, Subject>> = {
  json: {
    type: jsonState,
    nullState: { items: [] },
    add: (value, item) => ({ items: [...(value as { items: Json[] }).items, item] }),
    plain: (items) => ({ items }),
  },
  append_list: {
    type: appendListState as StateType,
    nullState: [],
    add(value, item) {
      (value as AppendList).append(item);
      return value;
    },
    plain: (items) => items,
  },
  long_object: {
    type: longObjectState as StateType,
    nullState: { items: [], deep: { text: '' }, last: null },
    add(value, item) {
      const object = value as LongObject;
      object.list('items').append(item);
      object.text('deep', 'text').splice(...placeOf(object.text('deep', 'text').length, item));
      object.set(['last'], item);
      return object;
    },
    plain(items) {
      const texts = items.reduce((text: string, item) => {
        const [index, taken, put] = placeOf(text.length, item);
        return text.slice(0, index) + put + text.slice(index + taken);
      }, '');
      return { items, deep: { text: texts }, last: items.at(-1) ?? null };
    },
  },
};

/** Somewhere in a text of some length, what an item is to replace. */
function placeOf(length: number, item: Json): readonly [number, number, string] {
  const put = JSON.stringify(item);
  const index = (7 * put.length) % (length + 1);
  return [index, Math.min(3, length - index), put];
}

class Stored {
  head: string | null = null;
  readonly parts = new Map<number, string>();
  /** Characters written by the last store. */
  written = 0;

  store(type: StateType, value: unknown): void {
    const settled = type.settle(value);
    if (settled.kind !== 'ok') throw new Error(settled.reason);
    this.head = settled.text;
    this.written = settled.text.length;
    for (const { index, text } of settled.parts) {
      const before = this.parts.get(index);
      if (before !== undefined && before !== text) throw new Error(`part ${index} was stored as another`);
      this.parts.set(index, text);
      this.written += text.length;
    }
  }

  plain(type: StateType): Json {
    const { from, to } = type.partRange(this.head!);
    const parts = Array.from({ length: to - from }, (_, index) => this.parts.get(from + index) ?? null);
    return JSON.parse(type.plain(this.head!, parts)) as Json;
  }
}

test('every state type that modules may name is under this contract', () => {
  expect(Object.keys(subjects).sort()).toEqual([...stateTypeNames].sort());
  for (const [name, { type }] of Object.entries(subjects)) expect(findStateType(name)).toBe(type);
});

describe.each(Object.entries(subjects))('the state type %s', (_name, { type, nullState, add, plain }) => {
  const items = fc.array(fc.oneof(fc.jsonValue(), fc.string({ minLength: 300, maxLength: 900 })), {
    maxLength: 60,
  });
  const fold = (value: unknown, item: unknown): unknown => type.follow(value, add(value, item as Json));

  test('shows what was folded, wherever it was stored and opened again', () => {
    fc.assert(
      fc.property(items, fc.array(fc.nat(60)), (all, restarts) => {
        const stored = new Stored();
        let value = type.open(null, nullState);
        for (const [index, item] of all.entries()) {
          value = fold(value, item);
          if (restarts.includes(index)) {
            stored.store(type, value);
            value = type.open(stored.head, nullState);
          }
        }
        stored.store(type, value);
        expect(stored.plain(type)).toEqual(JSON.parse(JSON.stringify(plain(all as Json[]))));
      }),
      { numRuns: 60 },
    );
  });

  test('is stored the same wherever it was opened again on the way', () => {
    fc.assert(
      fc.property(items, fc.array(fc.nat(60)), (all, restarts) => {
        const [through, interrupted] = [new Stored(), new Stored()];
        let [one, other] = [type.open(null, nullState), type.open(null, nullState)];
        for (const [index, item] of all.entries()) {
          one = fold(one, item);
          other = fold(other, item);
          if (!restarts.includes(index)) continue;
          interrupted.store(type, other);
          other = type.open(interrupted.head, nullState);
        }
        through.store(type, one);
        interrupted.store(type, other);
        expect(interrupted.head).toBe(through.head);
        expect(interrupted.parts).toEqual(through.parts);
      }),
      { numRuns: 60 },
    );
  });

  test('gives every key a null state of its own', () => {
    const [one, other] = [type.open(null, nullState), type.open(null, nullState)];
    fold(one, 1);
    const stored = new Stored();
    stored.store(type, other);
    expect(stored.plain(type)).toEqual(plain([]));
  });

  test('says how its heads begin, so that none of another length passes for one', () => {
    const heads = [1, 2, 12].map((count) => {
      let value = type.open(null, nullState);
      for (let n = 0; n < count; n++) value = fold(value, '"tail"');
      const stored = new Stored();
      stored.store(type, value);
      return stored.head!;
    });
    const lengths = heads.map((head) => type.lengthOf(head));
    if (type === jsonState) return expect(lengths).toEqual([null, null, null]);
    for (const [at, length] of lengths.entries())
      expect(heads.map((head) => head.startsWith(length!))).toEqual(heads.map((_, index) => index === at));
  });

  test('opens only what it wrote, and quotes nothing of what it did not', () => {
    expect(() => type.open('secret', nullState)).toThrow();
    if (type !== jsonState) expect(() => type.open('{"secret":1}', nullState)).not.toThrow(/secret/);
  });
});

describe('an append-only list', () => {
  test('writes what was appended, however long it is', () => {
    const stored = new Stored();
    let list = appendListState.open(null, []);
    let most = 0;
    for (let round = 0; round < 2_000; round++) {
      for (let n = 0; n < 5; n++) list.append({ round, n });
      stored.store(appendListState as StateType, list);
      most = Math.max(most, stored.written);
      list = appendListState.open(stored.head, []);
    }
    expect(list.length).toBe(10_000);
    expect((stored.plain(appendListState as StateType) as Json[]).length).toBe(10_000);
    expect(most).toBeLessThan(8_192);
  });

  test('says that a part is missing, or is not of its head', () => {
    const stored = new Stored();
    const list = appendListState.open(null, []);
    for (let n = 0; n < 1_000; n++) list.append(n);
    stored.store(appendListState as StateType, list);
    expect(stored.parts.size).toBeGreaterThan(0);
    const [index, text] = [...stored.parts].at(-1)!;
    stored.parts.set(index, text.replace(']', ',7]'));
    expect(() => stored.plain(appendListState as StateType)).toThrow(/bytes instead of/);
    stored.parts.delete(index);
    expect(() => stored.plain(appendListState as StateType)).toThrow(/missing/);
  });
});
