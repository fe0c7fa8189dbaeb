import { describe, expect, test } from '@jest/globals';
import type { Batch } from '../../services/shared/log/port.ts';
import { type ClaimedUnitDeps, createClaimedUnit } from '../../services/worker/claimed-unit.ts';
import type { Item } from '../../services/worker/intake.ts';
import { createMutex } from '../../services/worker/mutex.ts';
import { createReadSize } from '../../services/worker/read-size.ts';

const itemAt = (offset: number, requeued: Item['requeued'] = null): Item => ({
  offset,
  timestamp: 1,
  id: `id ${offset}`,
  event: { offset, envelope: {} } as never,
  refusal: null,
  requeued,
  keys: [],
  counted: null,
  origin: null,
});

interface Situation {
  readonly publishes: boolean;
  readonly batches: readonly (readonly Item[])[];
  /** By batch: whether sessions must be read. */
  readonly unknownSessions?: readonly boolean[];
  /** How long each event takes, of a reducer that gives a promise; 0 for one that takes no time and gives none. */
  readonly foldMs?: number;
  /** How long each event keeps the processor, of a reducer that gives no promise. */
  readonly spinMs?: number;
  /** Where the log ends as each batch tells it; 0 for none beyond the batch. */
  readonly endOffset?: number;
  /** How long ago the unit was claimed when the first batch comes. */
  readonly claimedMs?: number;
  /** The store refuses the first checkpoint. */
  readonly refused?: boolean;
}

/** What a unit does with batches, in its order. */
async function does({
  publishes,
  batches,
  unknownSessions = [],
  foldMs = 0,
  spinMs = 0,
  endOffset = 0,
  claimedMs = 0,
  refused = false,
}: Situation): Promise<string[]> {
  const done: string[] = [];
  let taken = 0;
  let now = 0;
  let isLost = false;
  const deps = {
    stored: 5,
    position: 5,
    publishes,
    intake: { readingBack: false, take: () => ({ kind: 'ok', items: batches[taken++] }) },
    reduce: {
      item({ offset }: Item) {
        done.push(`fold ${offset}`);
        now += spinMs;
        if (spinMs > 0) setImmediate(() => done.push('others'));
        if (foldMs === 0) return undefined;
        now += foldMs;
        return Promise.resolve();
      },
    },
    cache: {
      get: () => undefined,
      fieldsOf: (wanted: readonly unknown[]) => wanted,
      fill: () => undefined,
      isOverBudget: () => taken > 0 && batches[0]![0]!.keys.length > 0,
      evict: () => void done.push('evict'),
    },
    readSize: createReadSize(),
    sessions: {
      missing: () => (unknownSessions[taken - 1] ? ['Session,,a'] : []),
      fill: () => undefined,
      accept: () => true,
      isOverBudget: () => false,
    },
    careful: { active: false },
    alone: createMutex(),
    cut: {
      isFullFor: () => false,
      isWaiting: false,
      make: async ({ next }: { next: number }) => void done.push(`checkpoint ${next}`),
    },
    pipeline: {
      inFlight: 0,
      get isLost() {
        return isLost;
      },
      async drained() {
        done.push('answered');
        isLost = refused;
      },
    },
    readMany: async (fields: readonly string[]) => {
      done.push('read');
      return fields.map(() => null);
    },
    checkpointMs: 250,
    clock: { now: () => now },
    duplicate: () => undefined,
    folded: () => undefined,
    decoderOf: () => ({ release: () => undefined }),
  } as unknown as ClaimedUnitDeps;
  const unit = createClaimedUnit(deps);
  now += claimedMs;
  const batch: Batch = { topic: 't', partition: 0, records: [], endOffset };
  for (const _ of batches) await unit.take(batch);
  return done;
}

describe('a unit that publishes', () => {
  test('begins when the store has answered that the claim still holds', async () => {
    expect(await does({ publishes: true, batches: [[itemAt(5)], [itemAt(6)]] })).toEqual([
      'checkpoint 5',
      'answered',
      'fold 5',
      'fold 6',
    ]);
  });

  test('asks again after it read sessions: a store that lost them would make everything new', async () => {
    const batches = [[itemAt(5)], [itemAt(6)], [itemAt(7)]];
    expect(await does({ publishes: true, batches, unknownSessions: [false, true, false] })).toEqual([
      'checkpoint 5',
      'answered',
      'fold 5',
      'read',
      'checkpoint 6',
      'answered',
      'fold 6',
      'fold 7',
    ]);
  });

  test('folds nothing when it does not', async () => {
    const done = await does({
      publishes: true,
      batches: [[itemAt(5)]],
      unknownSessions: [true],
      refused: true,
    });
    expect(done).toEqual(['read', 'checkpoint 5', 'answered']);
  });
});

test('a unit that publishes nothing does not wait: what a lost store led to, a checkpoint never stores', async () => {
  expect(await does({ publishes: false, batches: [[itemAt(5)]], unknownSessions: [true] })).toEqual([
    'read',
    'fold 5',
  ]);
});

test('before an event that was requeued it is known what became of those before it', async () => {
  const requeued = { reducer: 'm.r', offset: 1 };
  const batches = [[itemAt(5), itemAt(6, requeued), itemAt(7, requeued)]];
  expect(await does({ publishes: false, batches })).toEqual([
    'fold 5',
    'checkpoint 6',
    'fold 6',
    'checkpoint 7',
    'fold 7',
  ]);
});

test('events that take long are checkpointed in time, however many came together', async () => {
  const batches = [[5, 6, 7, 8, 9].map((offset) => itemAt(offset))];
  expect(await does({ publishes: false, batches, foldMs: 130, endOffset: 10 })).toEqual([
    'fold 5',
    'fold 6',
    'checkpoint 7',
    'fold 7',
    'fold 8',
    'checkpoint 9',
    'fold 9',
  ]);
});

test('the first batch is not cut early because the claim took long: that would pass for progress', async () => {
  const batches = [Array.from({ length: 40 }, (_, index) => itemAt(5 + index))];
  const done = await does({ publishes: false, batches, claimedMs: 5_000, endOffset: 45 });
  expect(done.filter((line) => line.startsWith('checkpoint'))).toEqual([]);
});

test('a batch that needs many states of unknown size is folded in parts, and what is stored is dropped between them', async () => {
  const items = Array.from({ length: 20 }, (_, index) => ({ ...itemAt(5 + index), keys: [`key ${index}`] }));
  const done = await does({ publishes: false, batches: [items] });
  const folds = (from: number, to: number): string[] =>
    items.slice(from, to).map(({ offset }) => `fold ${offset}`);
  expect(done).toEqual(['read', ...folds(0, 8), 'evict', 'read', ...folds(8, 20), 'evict']);
});

test('others have their turn between every two events that keep the processor for long', async () => {
  const batches = [[5, 6, 7, 8].map((offset) => itemAt(offset))];
  const done = await does({ publishes: false, batches, spinMs: 400, endOffset: 10_000 });
  const turns = done.filter((line) => !line.startsWith('checkpoint'));
  expect(turns.slice(0, 7)).toEqual(['fold 5', 'others', 'fold 6', 'others', 'fold 7', 'others', 'fold 8']);
});

test('while the log has more than the batch, a checkpoint waits four times as long', async () => {
  const batches = [[5, 6, 7, 8, 9].map((offset) => itemAt(offset))];
  expect(await does({ publishes: false, batches, foldMs: 260, endOffset: 11 })).toEqual([
    'fold 5',
    'fold 6',
    'fold 7',
    'fold 8',
    'checkpoint 9',
    'fold 9',
  ]);
});

test('but not for more events than 2,000, which memory holds until then', async () => {
  const first = Array.from({ length: 2_000 }, (_, index) => itemAt(5 + index));
  const batches = [first.slice(0, -1), first.slice(-1)];
  const done = await does({ publishes: false, batches, foldMs: 0.4, endOffset: 10_000 });
  expect(done.filter((line) => line.startsWith('checkpoint'))).toEqual(['checkpoint 2005']);
});
