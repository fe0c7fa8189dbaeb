import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createIdWindow } from '../../services/worker/duplicates.ts';
import { createSessionSweep } from '../../services/worker/session-sweep.ts';
import { createSessions, DAY_MS } from '../../services/worker/sessions.ts';
import { apply, itemOf, load, type Sent } from './sessions-items.ts';

/**
 * What is a duplicate is decided by the log alone: one owner that reads it through, and many that claim the unit one
 * after another at random places, with checkpoints cut and lost at random, come to the same as the definition.
 */
const WINDOW = 6;
const KEPT_MS = 30 * DAY_MS;

const log: fc.Arbitrary<readonly Sent[]> = fc
  .array(
    fc.record({
      key: fc.constantFrom('a', 'b'),
      id: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8'),
      session: fc.constantFrom('s', 's', 't', null),
      sequence: fc.oneof(
        fc.nat({ max: 12 }),
        fc.integer({ min: 1_030, max: 1_036 }),
        fc.constant(3_000),
        fc.constant(null),
      ),
      // Brokers' clocks differ, so time may go back a little.
      later: fc.constantFrom(0, 1, 1, 1, -3_600_000, DAY_MS, 12 * DAY_MS, 29 * DAY_MS, 31 * DAY_MS),
    }),
    { maxLength: 80 },
  )
  .map((records) => {
    let timestamp = 100 * DAY_MS;
    return records.map(({ later, ...record }, offset) => {
      timestamp += later;
      return { ...record, offset, timestamp };
    });
  });

/** By the definition, remembering everything. */
function byDefinition(records: readonly Sent[]): boolean[] {
  const sessions = new Map<string, { had: Set<number>; timestamp: number }>();
  return records.map(({ key, id, session, sequence, offset, timestamp }) => {
    const before = records.slice(Math.max(0, offset - WINDOW), offset);
    if (before.some((other) => other.key === key && other.id === id)) return true;
    if (session === null || sequence === null) return false;
    const known = sessions.get(`${key} ${session}`);
    const isKept = known !== undefined && timestamp - known.timestamp <= KEPT_MS;
    const { had } = isKept ? known : { had: new Set<number>() };
    if (had.has(sequence) || sequence < Math.max(...had) - 1_024) return true;
    had.add(sequence);
    sessions.set(`${key} ${session}`, { had, timestamp });
    return false;
  });
}

/** What an owner does after a batch. */
const deeds = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 9 }),
    deed: fc.constantFrom('cut', 'cut', 'answer', 'evict', 'sweep', 'sweep', 'claim', 'nothing'),
  }),
  { minLength: 1, maxLength: 60 },
);
type Deed = { readonly size: number; readonly deed: string };

interface Cut {
  readonly next: number;
  readonly states: ReadonlyMap<string, string | null>;
}

/** Everything that a unit has besides its states, from one claim to the next. */
function claim(records: readonly Sent[], store: Map<string, string>, next: number) {
  const window = createIdWindow(WINDOW);
  const sessions = createSessions({ maxBytes: () => 400 });
  const inFlight: Cut[] = [];
  for (const { key, id, offset } of records.slice(Math.max(0, next - WINDOW), next))
    window.seen(key, id, offset);
  const sweep = createSessionSweep({
    sessions,
    // As it was when the sweep began, which is as old as a page can be.
    async *entries() {
      for (const [field, value] of [...store]) yield [{ field, value }];
    },
    readMany: async (fields) => fields.map((field) => store.get(field) ?? null),
    since: records[next - 1]?.timestamp ?? null,
  });
  const take = (from: number, size: number): boolean[] => {
    const batch = records.slice(from, from + size).map((record) => {
      const isRepeat = window.seen(record.key, record.id, record.offset);
      return isRepeat ? { ...itemOf(record), event: null } : itemOf(record);
    });
    load(sessions, batch, store);
    return batch.map((item) => item.event === null || !sessions.accept(item));
  };
  return { sessions, inFlight, sweep, take };
}

async function withClaims(records: readonly Sent[], all: readonly Deed[]): Promise<boolean[]> {
  const decided: boolean[] = [];
  const store = new Map<string, string>();
  let stored = 0;
  let position = 0;
  let owner = claim(records, store, 0);
  const answer = (): void => {
    const cut = owner.inFlight.shift();
    if (cut === undefined) return;
    apply(cut.states, store);
    stored = cut.next;
  };
  const doing: Record<string, () => Promise<void> | void> = {
    cut() {
      if (owner.inFlight.length === 2) answer();
      const states = new Map<string, string | null>();
      owner.sessions.write(states);
      owner.inFlight.push({ next: position, states });
    },
    answer,
    evict: () => owner.sessions.evict(owner.inFlight.length),
    sweep: () => owner.sweep.step(),
    claim() {
      owner = claim(records, store, stored);
      position = stored;
    },
    nothing: () => undefined,
  };
  // Without claims in the end, so that it comes to one.
  const rest = records.map(
    (_, at): Deed => ({ size: 2, deed: ['cut', 'evict', 'answer', 'sweep'][at % 4]! }),
  );
  for (const { size, deed } of [...all, ...rest]) {
    for (const isRepeat of owner.take(position, size)) {
      expect(decided[position] ?? isRepeat).toBe(isRepeat);
      decided[position++] = isRepeat;
    }
    await doing[deed]!();
  }
  return decided;
}

test('every claim decides the same about duplicates, and what the definition says', async () => {
  await fc.assert(
    fc.asyncProperty(log, deeds, async (records, all) => {
      const expected = byDefinition(records);
      expect(await withClaims(records, [{ size: records.length, deed: 'nothing' }])).toEqual(expected);
      expect(await withClaims(records, all)).toEqual(expected);
    }),
    { numRuns: 1_000 },
  );
});
