import { expect, test } from '@jest/globals';
import { type CutDeps, createCut } from '../../services/worker/cut.ts';
import type { Submitted } from '../../services/worker/pipeline.ts';
import { stateRefusal } from '../../services/worker/refusal.ts';

const PLACE = { next: 8, anchor: null, caughtUpAt: null };

/** What a cut does, in its order, where a state turns out to be none. */
function house({ isLost = false, holds = true } = {}) {
  const done: string[] = [];
  const deps = {
    reducerCount: 1,
    cache: {
      takeDirty: () => [{ reducer: { id: 'm.r' } }],
      check: () => [stateRefusal(7, 'no JSON')],
      write: () => undefined,
    },
    sessions: { write: () => undefined },
    letters: {
      take: () => ({ deadLetters: [], closed: [], stored: (events: number) => done.push(`told ${events}`) }),
    },
    verdicts: {
      async publish() {
        if (!holds) throw new Error('the claim does not hold any more');
        done.push('verdict');
      },
    },
    reduce: {
      refused: (reducer: string) => done.push(`refused ${reducer}`),
      settled: () => 3,
    },
    pipeline: {
      isLost,
      room: async () => undefined,
      submit({ next }: Submitted, stored: () => void) {
        done.push(`checkpoint ${next}`);
        stored();
      },
    },
  } as unknown as CutDeps;
  return { cut: createCut(deps), done };
}

test('a verdict is published before the checkpoint that its event is missing from, and events count with it', async () => {
  const { cut, done } = house();
  await cut.make(PLACE);
  expect(done).toEqual(['refused m.r', 'verdict', 'checkpoint 8', 'told 3']);
});

test('nothing is cut for a claim that is lost: its states may be of nothing', async () => {
  const { cut, done } = house({ isLost: true });
  await cut.make(PLACE);
  expect(done).toEqual([]);
});

test('nothing is sent when a verdict cannot be published', async () => {
  const { cut, done } = house({ holds: false });
  await expect(cut.make(PLACE)).rejects.toThrow('does not hold');
  expect(done).toEqual(['refused m.r']);
});
