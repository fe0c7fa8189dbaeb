import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DUPLICATE_WINDOW } from '../../services/worker/duplicate-rules.ts';
import { createIdWindow } from '../../services/worker/duplicates.ts';

interface Taken {
  readonly key: string;
  readonly id: string;
  readonly offset: number;
}

/** By the definition: one of the `size` offsets before it holds the same. */
function isRepeat(log: readonly Taken[], at: number, size: number): boolean {
  const { key, id, offset } = log[at]!;
  return log
    .slice(0, at)
    .some((before) => before.key === key && before.id === id && offset - before.offset <= size);
}

/** Short texts over letters that a joined name could confuse, and of lengths on both sides of a digit. */
const text = fc.string({ maxLength: 3, unit: fc.constantFrom('a', '1', ',', '\u0000', 'é', '\u8041') });

const someLog = fc
  .array(fc.record({ key: text, id: text, gap: fc.constantFrom(1, 1, 1, 1, 2, 7, 40) }), { maxLength: 120 })
  .map((records) => {
    let offset = 0;
    return records.map(({ key, id, gap }): Taken => {
      offset += gap;
      return { key, id, offset };
    });
  });
const size = fc.integer({ min: 1, max: 30 });

describe('the window of ids', () => {
  test('knows a duplicate by key and id, at any distance up to its size, and by nothing else', () => {
    fc.assert(
      fc.property(someLog, size, (log, size) => {
        const window = createIdWindow(size);
        expect(log.map(({ key, id, offset }) => window.seen(key, id, offset))).toEqual(
          log.map((_, at) => isRepeat(log, at, size)),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test('tells events apart whose hashes are the same', () => {
    fc.assert(
      fc.property(someLog, size, (log, size) => {
        const window = createIdWindow(size, (key) => key.length & 1);
        expect(log.map(({ key, id, offset }) => window.seen(key, id, offset))).toEqual(
          log.map((_, at) => isRepeat(log, at, size)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('decides the same when it is read back from as many offsets before as it has', () => {
    fc.assert(
      fc.property(someLog, size, fc.nat(), (log, size, place) => {
        const at = log.length === 0 ? 0 : place % log.length;
        const from = (log[at]?.offset ?? 0) - size;
        const window = createIdWindow(size);
        for (const { key, id, offset } of log.slice(0, at)) if (offset >= from) window.seen(key, id, offset);
        expect(log.slice(at).map(({ key, id, offset }) => window.seen(key, id, offset))).toEqual(
          log.slice(at).map((_, index) => isRepeat(log, at + index, size)),
        );
      }),
    );
  });

  test('is not changed by records that it was given before', () => {
    fc.assert(
      fc.property(someLog, size, fc.array(fc.nat({ max: 5 })), (log, size, backs) => {
        const window = createIdWindow(size);
        const answers = log.map(({ key, id, offset }, at) => {
          const answer = window.seen(key, id, offset);
          for (const again of log.slice(Math.max(0, at - (backs[at] ?? 0)), at + 1))
            expect(window.seen(again.key, again.id, again.offset)).toBe(false);
          return answer;
        });
        expect(answers).toEqual(log.map((_, at) => isRepeat(log, at, size)));
      }),
    );
  });

  test.each([
    [10_000, true],
    [10_001, false],
  ])('has 10,000 offsets: one %i before counts: %p', (distance, expected) => {
    const window = createIdWindow(DUPLICATE_WINDOW);
    window.seen('k', 'same', 5);
    for (let offset = 6; offset < 5 + distance; offset++) window.seen('k', `id ${offset}`, offset);
    expect(window.seen('k', 'same', 5 + distance)).toBe(expected);
  });

  test('sees a duplicate of a duplicate, however long they go on', () => {
    const window = createIdWindow(3);
    window.seen('k', 'same', 0);
    for (let offset = 3; offset < 60; offset += 3) expect(window.seen('k', 'same', offset)).toBe(true);
  });

  test('takes ids of any length, at offsets of any size', () => {
    const window = createIdWindow(10);
    const id = 'é'.repeat(200);
    expect(window.seen('k', id, Number.MAX_SAFE_INTEGER - 2)).toBe(false);
    expect(window.seen('k', `${id}!`, Number.MAX_SAFE_INTEGER - 1)).toBe(false);
    expect(window.seen('k', id, Number.MAX_SAFE_INTEGER)).toBe(true);
  });
});
