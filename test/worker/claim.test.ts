import { describe, expect, test } from '@jest/globals';
import type { Claim } from '../../services/shared/state/port.ts';
import { type ClaimDeps, type ClaimOutcome, claimUnit } from '../../services/worker/claim.ts';

const unit = { module: 'm.v1', topic: 'test.events.essay', partition: 0 };
const facts = { formatVersion: 2, partitions: 1, reducersHash: 'hash' };
const READ_BACK = 100;

interface Situation {
  /** Null: the store knows nothing of the unit. */
  readonly next: number | null;
  readonly start: number;
  /** Where history begins. */
  readonly oldest: number;
  readonly conflict?: string;
}

function claim({ next, start, oldest, conflict }: Situation): Promise<ClaimOutcome | null> {
  const deps: ClaimDeps = {
    process: 'p',
    unit,
    facts,
    readBack: READ_BACK,
    log: { offsets: async () => [{ partition: 0, start, end: 1_000 }] },
    history: { start: async () => oldest, conflict: async () => conflict ?? null },
    state: {
      claim: async () => ({ next, facts, anchor: null }) as unknown as Claim,
      deadLetterKeys: async () => [],
    },
    control: { publish: async () => undefined as never },
    erasing: { apply: async () => 'clean', isBehind: () => false },
    published: async () => new Map() as never,

    queues: () => undefined,
  };
  return claimUnit(deps, () => true);
}

const conflict = 'the topic was made again';

describe('a log that is not the one that was archived', () => {
  test('stops a unit of which the store knows nothing, though the log holds everything', async () => {
    const stopped = { kind: 'stopped', reason: conflict };
    expect(await claim({ next: null, start: 0, oldest: 0, conflict })).toEqual(stopped);
  });

  test('stops a unit that has to read the archive', async () => {
    const stopped = { kind: 'stopped', reason: conflict };
    expect(await claim({ next: 150, start: 120, oldest: 0, conflict })).toEqual(stopped);
  });

  test('is not asked for by a unit whose anchor the log has', async () => {
    expect(await claim({ next: 150, start: 50, oldest: 0, conflict })).toMatchObject({ kind: 'claimed' });
  });
});

describe('what is read back', () => {
  test.each([
    ['the whole window', 150, 50, 50, { readFrom: 50, beforeHistory: 0 }],
    ['the whole window out of the archive', 150, 120, 0, { readFrom: 50, beforeHistory: 0 }],
    ['what there is, and how much is not', 150, 120, 120, { readFrom: 120, beforeHistory: 70 }],
    ['nothing before the first offset', 20, 0, 0, { readFrom: 0, beforeHistory: 0 }],
  ])('is %s', async (_, next, start, oldest, expected) => {
    expect(await claim({ next, start, oldest })).toMatchObject({ position: next, ...expected });
  });

  test('is nothing without a stored position, wherever history begins', async () => {
    const expected = { position: 30, readFrom: 30, beforeHistory: 0 };
    expect(await claim({ next: null, start: 30, oldest: 30 })).toMatchObject(expected);
  });
});
