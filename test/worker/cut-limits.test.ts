import { describe, expect, test } from '@jest/globals';
import type { ModuleReducer } from '../../services/shared/module.ts';
import { createCut } from '../../services/worker/cut.ts';
import { fold } from '../../services/worker/fold.ts';
import type { FoldPolicy } from '../../services/worker/fold-policy.ts';
import { createGrowth } from '../../services/worker/growth.ts';
import { createLetters } from '../../services/worker/letters.ts';
import type { Pipeline, Submitted } from '../../services/worker/pipeline.ts';
import type { Refusal } from '../../services/worker/refusal.ts';
import { createSessions } from '../../services/worker/sessions.ts';
import { createStateCache } from '../../services/worker/state-cache.ts';
import { event, moduleReducer } from '../support/folding.ts';
import { itemOf } from './sessions-items.ts';

/** The limits of a checkpoint, on the parts that say how much it will hold. */

const MIB = 1_048_576;

const policy: FoldPolicy = {
  maxStateBytes: 10 * MIB,
  call: (entry, given) => entry.reducer.reduce(given.fresh(), entry.value),
  budget: async (promise) => ({ kind: 'done', value: await promise }),
};

interface Given {
  readonly student: string;
  /** Of a client that numbers its events. */
  readonly session?: string;
  readonly text?: string;
  /** Whoever reads it refuses it. */
  readonly refusal?: Pick<Refusal, 'reason' | 'stack'>;
}

function house(reducers: readonly ModuleReducer[]) {
  const submitted: Submitted[] = [];
  const maxBytes = (): number => Number.POSITIVE_INFINITY;
  const cache = createStateCache({ reducers, policy, maxBytes, growth: createGrowth() });
  const sessions = createSessions({ maxBytes });
  const letters = createLetters({
    unit: { module: 'm.v1', topic: 't', partition: 0 },
    version: 1,
    stored: [],
    verdicts: { of: () => undefined },
    watch: { letterOpened: () => undefined, letterClosed: () => undefined, stored: () => undefined },
  });
  const pipeline = {
    isLost: false,
    room: async () => undefined,
    submit: (checkpoint: Submitted) => void submitted.push(checkpoint),
  } as unknown as Pipeline;
  const cut = createCut({
    reducerCount: reducers.length,
    cache,
    sessions,
    letters,
    verdicts: { of: () => undefined, add: () => undefined, publish: async () => undefined },
    reduce: { refused: () => undefined, settled: () => 0 },
    pipeline,
  });
  let offset = 0;

  /** Folds an event as a unit does: what it would make too much is closed before. */
  const take = async ({ student, session, text = '', refusal }: Given): Promise<void> => {
    const sequence = offset++;
    const bytes = 100 + student.length + (session ?? '').length + text.length;
    const given = { ...event({ text }, sequence), bytes };
    const sent = { offset: sequence, timestamp: 1, key: student, id: `${sequence}`, sequence };
    const numbered = itemOf({ ...sent, session: session ?? null });
    const item = { ...numbered, event: { ...given, envelope: numbered.event!.envelope } };
    const wanted = reducers
      .map((_, index) => ({ index, key: `STUDENT:${student}` }))
      .filter(({ index, key }) => cache.get(index, key) === undefined);
    cache.fill(wanted, []);
    sessions.fill(sessions.missing([item]), []);
    const entries = reducers.map((_, index) => cache.get(index, `STUDENT:${student}`)!);
    if (cut.isFullFor(item, entries)) await cut.make({ next: sequence, anchor: null, caughtUpAt: null });
    sessions.accept(item);
    if (refusal !== undefined) return letters.open('m', sequence, refusal);
    for (const entry of entries) {
      const refusals = await fold(entry, given, policy);
      cache.touch(entry, bytes);
      for (const refusal of refusals ?? []) letters.open('m.r', sequence, refusal);
    }
  };
  const takeAll = async (all: readonly Given[]): Promise<void> => {
    for (const given of all) await take(given);
  };
  return { takeAll, submitted };
}

const bytesOf = ({ states, deadLetters }: Submitted): number =>
  [...states].reduce((sum, [field, text]) => sum + field.length + (text?.length ?? 0), 0) +
  deadLetters.reduce((sum, letter) => sum + JSON.stringify(letter).length, 0);

const some = (count: number, given: Partial<Given> | ((n: number) => Partial<Given>)): readonly Given[] =>
  Array.from({ length: count }, (_, n) => ({
    student: `student-${n}`,
    ...(typeof given === 'function' ? given(n) : given),
  }));

const counting = moduleReducer({ count: 0 }, (_, { count }) => ({ count: count + 1 }));
const keeping = moduleReducer({ texts: [] as string[] }, (e, { texts }) => ({
  texts: [...texts, e.client.text as string],
}));
const refusing = moduleReducer({ count: 0 }, (e) => {
  throw new Error(e.client.text);
});

describe('a checkpoint is closed before it would hold more than', () => {
  test('8,000 fields, of states and sessions together, which are far from 4 MiB when states are small', async () => {
    const { takeAll, submitted } = house([counting]);
    await takeAll(some(10_000, (n) => ({ session: `session of ${n}` })));
    expect(submitted.length).toBeGreaterThan(1);
    for (const checkpoint of submitted) {
      expect(checkpoint.states.size).toBeGreaterThan(7_990);
      expect(checkpoint.states.size).toBeLessThanOrEqual(8_000);
      expect(bytesOf(checkpoint)).toBeLessThan(MIB);
    }
  });

  test('4 MiB of states, those that are there for the first time and those that grow', async () => {
    const { takeAll, submitted } = house([keeping]);
    for (let round = 0; round < 5; round++) await takeAll(some(50, { text: 'x'.repeat(150_000) }));
    expect(submitted.length).toBeGreaterThan(20);
    for (const checkpoint of submitted) expect(bytesOf(checkpoint)).toBeLessThanOrEqual(4 * MIB);
    // One more state of the last round would have been too much.
    expect(bytesOf(submitted.at(-1)!)).toBeGreaterThan(3.2 * MIB);
  });

  test('4 MiB of sessions, whose names are what clients make them', async () => {
    const { takeAll, submitted } = house([]);
    await takeAll(some(6_000, (n) => ({ session: `${n}`.padEnd(2_000, 'x') })));
    expect(submitted.length).toBeGreaterThan(1);
    for (const checkpoint of submitted) {
      expect(bytesOf(checkpoint)).toBeLessThanOrEqual(4 * MIB);
      expect(bytesOf(checkpoint)).toBeGreaterThan(3.8 * MIB);
    }
  });

  test('4 MiB of dead letters with long reasons, or 500 dead letters', async () => {
    const long = house([refusing]);
    await long.takeAll(some(1_200, { text: 'x'.repeat(10_000) }));
    expect(long.submitted.length).toBeGreaterThan(1);
    for (const checkpoint of long.submitted) {
      expect(bytesOf(checkpoint)).toBeLessThanOrEqual(4 * MIB);
      expect(bytesOf(checkpoint)).toBeGreaterThan(3.8 * MIB);
    }
    const short = house([refusing]);
    await short.takeAll(some(1_200, { text: 'cannot' }));
    expect(short.submitted.length).toBeGreaterThan(1);
    for (const { deadLetters } of short.submitted) {
      expect(deadLetters.length).toBeGreaterThan(495);
      expect(deadLetters.length).toBeLessThanOrEqual(500);
    }
  });

  test('4 MiB with one more dead letter, be it as long as one can be', async () => {
    const { takeAll, submitted } = house([]);
    // Sessions whose size is known nearly to the byte, and then letters, of which the eighth would be too much.
    await takeAll(some(41, (n) => ({ session: `${n}`.padEnd(100_340, 'x') })));
    const refusal = { reason: 'x'.repeat(2_000), stack: 'x'.repeat(8_000) };
    await takeAll(some(20, { refusal }));
    const [first] = submitted;
    expect(first!.deadLetters.length).toBe(7);
    expect(bytesOf(first!)).toBeLessThanOrEqual(4 * MIB);
    expect(bytesOf(first!) + 10_000).toBeGreaterThan(4 * MIB);
  });

  test('one event of those that are too large for any, and never before there is something to write', async () => {
    const { takeAll, submitted } = house([keeping]);
    await takeAll(some(3, { text: 'x'.repeat(5 * MIB) }));
    expect(submitted.map(({ next, states }) => [next, states.size])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });
});
