import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../services/shared/reducer-api.ts';
import { longObjectState as type } from '../../../services/shared/state-types/long-object.ts';
import type { OpenObject } from '../../../services/shared/state-types/open-object.ts';

const NULL_STATE = { text: '', size: 0, log: [] };

/** What a store holds of an object: its head, and the parts that no clearing removed. */
function createStored(nullState: Json = NULL_STATE) {
  const parts = new Map<number, string>();
  let head: string | null = null;
  let written = 0;
  return {
    parts,
    get written() {
      return written;
    },
    store(object: OpenObject): void {
      const before = head === null ? { from: 0, to: 0 } : type.partRange(head);
      const waiting = object.waiting;
      const settled = type.settle(object);
      if (settled.kind !== 'ok') throw new Error(settled.reason);
      head = settled.text;
      const { from } = type.partRange(head);
      written = head.length;
      let changed = 0;
      for (let index = before.from; index < Math.min(from, before.to); index++) {
        parts.delete(index);
        changed += 1;
      }
      for (const { index, text } of settled.parts) {
        changed += 1;
        parts.set(index, text);
        written += text.length;
      }
      expect(waiting).toBe(changed);
    },
    open: (): OpenObject => type.open(head, nullState),
    plain(): Json {
      const { from, to } = type.partRange(head!);
      const texts = Array.from({ length: to - from }, (_, index) => parts.get(from + index) ?? null);
      return JSON.parse(type.plain(head!, texts)) as Json;
    },
  };
}

type Act =
  | { readonly do: 'splice'; name: string; at: number; taken: number; put: string; times: number }
  | { readonly do: 'append'; readonly item: Json }
  | { readonly do: 'set'; readonly value: Json }
  | { readonly do: 'clear' | 'store' | 'restart' };

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 900 }),
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('splice' as const),
      name: fc.constantFrom('text', '__proto__', 'a.b'),
      at: fc.nat(2_000),
      taken: fc.nat(40),
      put: text,
      times: fc.constantFrom(1, 1, 1, 0, 2, 700),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('append' as const), item: fc.jsonValue() as fc.Arbitrary<Json> }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('set' as const), value: fc.jsonValue() as fc.Arbitrary<Json> }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'store' as const, 'restart' as const) }),
  },
);

interface Model {
  readonly texts: Map<string, string>;
  log: Json[];
  size: Json;
}

const fresh = (): Model => ({ texts: new Map([['text', '']]), log: [], size: 0 });

function plainOf({ texts, log, size }: Model): Json {
  return JSON.parse(JSON.stringify({ ...Object.fromEntries(texts), size, log })) as Json;
}

test('is the object that was edited, wherever it was stored, opened again or cleared', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const stored = createStored();
      let object = stored.open();
      let model = fresh();
      for (const one of acts) {
        if (one.do === 'splice') {
          const before = model.texts.get(one.name) ?? '';
          const at = one.at % (before.length + 1);
          const taken = Math.min(one.taken, before.length - at);
          object.text(one.name).splice(at, taken, one.put, one.times);
          model.texts.set(
            one.name,
            before.slice(0, at) + one.put.repeat(one.times) + before.slice(at + taken),
          );
          expect(object.text(one.name).length).toBe(model.texts.get(one.name)!.length);
        } else if (one.do === 'append') {
          object.list('log').append(one.item);
          model.log.push(one.item);
        } else if (one.do === 'set') {
          object.set(['size'], one.value);
          model.size = one.value;
        } else if (one.do === 'clear') {
          object.clear();
          model = fresh();
        } else {
          stored.store(object);
          if (one.do === 'restart') object = stored.open();
        }
      }
      stored.store(object);
      expect(stored.plain()).toEqual(plainOf(model));
      const { from, to } = type.partRange(stored.open().write());
      expect([...stored.parts.keys()].sort((a, b) => a - b)).toEqual(
        Array.from({ length: to - from }, (_, index) => from + index),
      );
    }),
    { numRuns: 100 },
  );
});

test('a checkpoint of a keystroke is less than a KiB in a text of a million characters', () => {
  const stored = createStored();
  let object = stored.open();
  object.text('text').splice(0, 0, 'x'.repeat(1_000_000));
  stored.store(object);
  let most = 0;
  let sum = 0;
  for (let key = 0; key < 5_000; key++) {
    object.text('text').splice((key * 7_919) % 1_000_000, 0, 'y');
    object.list('log').append(1_000_000 + key);
    object.set(['size'], key);
    stored.store(object);
    most = Math.max(most, stored.written);
    sum += stored.written;
    if (key % 500 === 0) object = stored.open();
  }
  expect(sum / 5_000).toBeLessThan(700);
  expect(most).toBeLessThan(1_500);
});

describe('refuses', () => {
  const open = (): OpenObject => type.open(null, { text: 'ab', list: [1], number: 1 });
  test.each<[string, (object: OpenObject) => unknown, RegExp]>([
    [
      'a splice outside the text',
      (object) => object.text('text').splice(1, 2, 'x'),
      /splice\(1, 2\) is not within a text of 2/,
    ],
    ['a splice before it', (object) => object.text('text').splice(-1, 0, 'x'), /is not within/],
    ['a splice at no number', (object) => object.text('text').splice(Number.NaN, 0, 'x'), /is not within/],
    [
      'a text that is a number',
      (object) => object.text('number'),
      /"number" holds something else than a text/,
    ],
    ['a text within a number', (object) => object.text('number', 'a'), /"number.a" lies in something else/],
    [
      'a list that is a text',
      (object) => [object.text('text'), object.list('text')],
      /is a long text, and no list/,
    ],
    [
      'to read a long text',
      (object) => [object.text('text'), object.get('text')],
      /"text" is or holds a long text/,
    ],
    [
      'to put something in its place',
      (object) => [object.list('list'), object.set(['list'], 1)],
      /long list/,
    ],
    [
      'a value that is no JSON',
      (object) => object.set(['a'], Number.NaN),
      /"a" cannot be set: the value is NaN/,
    ],
    [
      'an item that is no JSON',
      (object) => object.list('list').append(undefined as never),
      /the item is not JSON/,
    ],
    ['a path without a name', (object) => object.set([], 1), /a path has at least one name|long/],
    [
      'a text beyond all bounds',
      (object) => object.text('text').splice(0, 0, 'x'.repeat(17 * 1_048_576)),
      /16777216 at most/,
    ],
  ])('%s', (_name, attempt, message) => {
    expect(() => attempt(open())).toThrow(message);
  });
});

test('texts and lists begin with what the null state has there', () => {
  const stored = createStored({ text: 'ab', list: [1], deep: { more: 'x' } });
  const object = stored.open();
  object.text('text').splice(2, 0, 'c');
  object.list('list').append(2);
  object.set(['deep', 'other'], { a: 1 });
  stored.store(object);
  expect(stored.plain()).toEqual({ text: 'abc', list: [1, 2], deep: { more: 'x', other: { a: 1 } } });
  expect(object.get('deep', 'other', 'a')).toBe(1);
  expect(object.get('nothing', 'there')).toBeUndefined();
});

test('says that a part is missing, or is not of its head, and nothing of what it holds', () => {
  const object = type.open(null, NULL_STATE);
  for (let n = 0; n < 300; n++) object.text('text').splice(0, 0, `secret ${n}`);
  const settled = type.settle(object);
  if (settled.kind !== 'ok') throw new Error(settled.reason);
  const texts = settled.parts.map((part) => part.text);
  expect(texts.length).toBeGreaterThan(3);
  expect(() => type.plain(settled.text, [null, ...texts.slice(1)])).toThrow(/one is missing: 0/);
  expect(() => type.plain(settled.text, [`${texts[0]} `, ...texts.slice(1)])).toThrow(/bytes instead of/);
  const same = [texts[0]!.replace('[', '{'), ...texts.slice(1)];
  expect(() => type.plain(settled.text, same)).toThrow('a part of a stored object is not what was written');
});
