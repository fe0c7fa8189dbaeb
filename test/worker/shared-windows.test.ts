import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createIdWindow } from '../../services/worker/duplicates.ts';
import { createSharedWindows } from '../../services/worker/shared-windows.ts';

const at = { topic: 'events.a', partition: 3 };
const SIZE = 10;

interface Taken {
  readonly key: string;
  readonly id: string;
  readonly offset: number;
}

const someLog = fc
  .array(fc.record({ id: fc.nat({ max: 12 }), gap: fc.constantFrom(1, 1, 1, 1, 3) }), {
    minLength: 80,
    maxLength: 200,
  })
  .map((records) => {
    let offset = 0;
    return records.map(({ id, gap }): Taken => {
      offset += gap;
      return { key: 'k', id: `${id}`, offset };
    });
  });

/** What a window of its own says of each record from a position on, read back as a claim reads it. */
function alone(log: readonly Taken[], position: number): boolean[] {
  const window = createIdWindow(SIZE);
  const from = log[position]!.offset - SIZE;
  const read = log.filter(({ offset }) => offset >= from);
  const seen = read.map(({ key, id, offset }) => window.seen(key, id, offset));
  return seen.slice(seen.length - (log.length - position));
}

/** A claim of a unit: reads back, then takes in one record after another. */
class Claim {
  readonly #window;
  #next: number;
  readonly log: readonly Taken[];
  readonly position: number;
  readonly answers: boolean[] = [];

  constructor(windows: ReturnType<typeof createSharedWindows>, log: readonly Taken[], position: number) {
    this.log = log;
    this.position = position;
    const from = log[position]!.offset - SIZE;
    this.#window = windows.open(at, from);
    this.#next = log.findIndex(({ offset }) => offset >= from);
  }

  /** The record to be taken in next. */
  get next(): number {
    return this.#next;
  }

  take(count: number): void {
    for (const { key, id, offset } of this.log.slice(this.#next, this.#next + count)) {
      const isDuplicate = this.#window.seen(key, id, offset);
      expect(this.#window.seen(key, id, offset)).toBe(false); // as any that it had
      if (this.log[this.position]!.offset <= offset) this.answers.push(isDuplicate);
      this.#next += 1;
    }
  }

  close(): void {
    this.#window.close();
  }
}

describe('the windows of several modules', () => {
  test('say of every record what a window of its own would, however the modules take turns and begin anew', () => {
    const step = fc.record({
      module: fc.nat({ max: 3 }),
      count: fc.integer({ min: 1, max: 30 }),
      anew: fc.option(fc.nat(), { freq: 9 }),
      leaves: fc.constantFrom(true, ...new Array<boolean>(9).fill(false)),
    });
    fc.assert(
      fc.property(someLog, fc.array(step, { maxLength: 60 }), (log, steps) => {
        const windows = createSharedWindows(SIZE, 32);
        const claims = new Map<number, Claim>();
        const begin = (module: number, position: number): Claim => {
          claims.get(module)?.close();
          const claim = new Claim(windows, log, position);
          claims.set(module, claim);
          return claim;
        };
        for (const { module, count, anew, leaves } of steps) {
          const known = claims.get(module);
          let claim =
            known === undefined || anew !== null ? begin(module, (anew ?? module) % log.length) : known;
          try {
            claim.take(count);
          } catch (error) {
            expect(String(error)).toContain('so far ahead');
            claim = begin(module, Math.max(claim.position, claim.next));
            claim.take(count);
          }
          expect(claim.answers).toEqual(alone(log, claim.position).slice(0, claim.answers.length));
          if (leaves) claim.close();
          if (leaves) claims.delete(module);
        }
      }),
      { numRuns: 400 },
    );
  });

  /** What two modules ask of windows that are made for them. */
  const asked = (take: (windows: ReturnType<typeof createSharedWindows>) => void): number => {
    let hashed = 0;
    take(
      createSharedWindows(SIZE, 1_024, (key) => {
        hashed += 1;
        return key.length;
      }),
    );
    return hashed;
  };
  const record = (offset: number): [string, string, number] => ['k', `id ${offset}`, offset];

  test('take in a record once, from where the modules meet', () => {
    const hashed = asked((windows) => {
      const [first, second] = [windows.open(at, 100), windows.open(at, 95)];
      for (let offset = 100; offset < 120; offset++) first.seen(...record(offset));
      // Those before the first one's begin, and as many as a window has, are its own.
      for (let offset = 95; offset < 120; offset++) second.seen(...record(offset));
      for (let offset = 120; offset < 220; offset++)
        for (const window of [second, first]) window.seen(...record(offset));
    });
    expect(hashed).toBe(20 + 15 + 100);
  });

  test('go on when the module that was first is gone', () => {
    const hashed = asked((windows) => {
      const [first, second] = [windows.open(at, 0), windows.open(at, 0)];
      first.seen(...record(0));
      second.seen(...record(0));
      first.close();
      for (let offset = 1; offset < 10; offset++) second.seen(...record(offset));
      expect(second.seen('k', 'id 0', 10)).toBe(true);
    });
    expect(hashed).toBe(11);
  });

  test('are shared anew when nobody was left', () => {
    const hashed = asked((windows) => {
      windows.open(at, 500).seen(...record(500));
      const gone = windows.open(at, 500);
      gone.seen(...record(500));
      gone.close();
      const alone = windows.open({ ...at, partition: 4 }, 0);
      alone.seen(...record(0));
      alone.close();
      const again = [windows.open({ ...at, partition: 4 }, 300), windows.open({ ...at, partition: 4 }, 300)];
      for (const window of again) window.seen(...record(300));
    });
    expect(hashed).toBe(3);
  });

  test('are never those of another log under the same name', () => {
    const windows = createSharedWindows(SIZE, 1_024);
    const old = windows.open(at, 0);
    for (let offset = 0; offset < 10; offset++)
      old.seen('k', offset % 2 === 0 ? 'same' : `old ${offset}`, offset);
    const fresh = windows.open(at, 0);
    for (let offset = 0; offset < 10; offset++) expect(fresh.seen('k', `new ${offset}`, offset)).toBe(false);
  });

  test('refuse a module that is too far behind to be told, which then has its own', () => {
    const windows = createSharedWindows(SIZE, 64);
    const [first, second] = [windows.open(at, 0), windows.open(at, 0)];
    for (const window of [first, second]) window.seen(...record(0));
    for (let offset = 1; offset <= 65; offset++) first.seen(...record(offset));
    expect(() => second.seen(...record(1))).toThrow('so far ahead');
    second.close();
    const anew = windows.open(at, 0);
    for (let offset = 0; offset < 10; offset++) expect(anew.seen(...record(offset))).toBe(false);
    expect(anew.seen('k', 'id 3', 10)).toBe(true);
  });
});
