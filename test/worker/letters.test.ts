import { describe, expect, test } from '@jest/globals';
import type { LeftOut } from '../../services/shared/control/port.ts';
import { createLetters, type Letters } from '../../services/worker/letters.ts';

const unit = { module: 'm.v1', topic: 't', partition: 3 };

interface Situation {
  readonly stored?: readonly { readonly reducer: string; readonly offset: number }[];
  /** As a person wished, by verdicts. */
  readonly requeued?: readonly string[];
}

function house({ stored = [], requeued = [] }: Situation = {}) {
  const told: string[] = [];
  const letters = createLetters({
    unit,
    version: 1,
    stored,
    verdicts: {
      of: (reducer, offset) =>
        requeued.includes(`${reducer}@${offset}`) ? ({ why: 'requeue' } as LeftOut) : undefined,
    },
    watch: {
      letterOpened: (_, reducer) => told.push(`opened ${reducer}`),
      letterClosed: (_, reducer) => told.push(`closed ${reducer}`),
      stored: (_, { events, letters, open }) => told.push(`${letters} of ${events}, ${open} open`),
    },
  });
  return { letters, told };
}

const lettersOf = (stored: Situation['stored'] = []): Letters => house({ stored }).letters;

describe('the dead letters of a unit', () => {
  test('go into one checkpoint, whole', () => {
    const letters = lettersOf([]);
    letters.open('m.r', 7, { reason: 'cannot', stack: 'at' });
    expect(letters.waiting).toBe(1);
    expect(letters.take()).toMatchObject({
      deadLetters: [
        { reducer: 'm.r', version: 1, topic: 't', partition: 3, offset: 7, reason: 'cannot', stack: 'at' },
      ],
      closed: [],
    });
    expect(letters.take()).toMatchObject({ deadLetters: [], closed: [] });
    expect(letters.isOpen('m.r', 7)).toBe(true);
  });

  test('tell about how many bytes a checkpoint will have of them, as they open, change and close', () => {
    const letters = lettersOf([{ reducer: 'm.r', offset: 1 }]);
    const bytesOf = (change: () => void): number => {
      change();
      return letters.waitingBytes;
    };
    expect(letters.waitingBytes).toBe(0);
    const long = bytesOf(() =>
      letters.open('m.r', 7, { reason: 'x'.repeat(2_000), stack: 'x'.repeat(8_000) }),
    );
    expect(long).toBeGreaterThan(10_000);
    const short = bytesOf(() => letters.open('m.r', 7, { reason: 'x' }));
    expect(short).toBeLessThan(1_000);
    expect(bytesOf(() => letters.close('m.r', 7))).toBeLessThanOrEqual(short);
    const both = bytesOf(() => letters.open('m.r', 8, { reason: 'x'.repeat(2_000) }));
    const { deadLetters, closed } = letters.take();
    expect(JSON.stringify({ deadLetters, closed }).length).toBeLessThan(both);
    expect(letters.waitingBytes).toBe(0);
  });

  test('are told as they open and close, each once, and only when that is stored', () => {
    const { letters, told } = house({ stored: [{ reducer: 'm.r', offset: 1 }] });
    letters.open('m.r', 1, { reason: 'again' });
    letters.open('m.s', 2, { reason: 'new' });
    letters.close('m.r', 1);
    letters.close('m.r', 1);
    const first = letters.take();
    letters.open('m.s', 3, { reason: 'new' });
    letters.take();
    expect(told).toEqual([]);
    first.stored(5);
    expect(told).toEqual(['opened m.s', 'closed m.r', '1 of 5, 1 open']);
  });

  test('that are requeued count when they are refused at their new place, and not before', () => {
    const { letters, told } = house();
    letters.open('m.r', 1, { reason: 'requeued' }, true);
    letters.open('m.r', 2, { reason: 'requeued' }, true);
    letters.take().stored(2);
    // As a reducer that takes one, and refuses it again.
    letters.close('m.r', 1);
    letters.close('m.r', 2);
    letters.open('m.r', 2, { reason: 'again' });
    letters.take().stored(2);
    letters.open('m.r', 2, { reason: 'again, by a verdict' });
    letters.take().stored(1);
    letters.close('m.r', 2);
    letters.take().stored(1);
    expect(told.filter((line) => line.endsWith('open'))).toEqual([
      '0 of 2, 0 open',
      '1 of 2, 1 open',
      '0 of 1, 1 open',
      '0 of 1, 0 open',
    ]);
  });

  test('that are requeued and left out at their new place, too, count from there', () => {
    const { letters, told } = house();
    letters.open('m.r', 1, { reason: 'requeued' }, true);
    letters.take().stored(1);
    letters.open('m.r', 1, { reason: 'too late' });
    letters.take().stored(1);
    expect(told).toEqual(['opened m.r', '0 of 1, 0 open', '1 of 1, 1 open']);
  });

  test('that a claim finds requeued do not count', () => {
    const stored = [1, 2, 3].map((offset) => ({ reducer: 'm.r', offset }));
    const { letters, told } = house({ stored, requeued: ['m.r@2'] });
    expect(letters.counting).toBe(2);
    letters.close('m.r', 2);
    letters.take().stored(1);
    expect(told).toEqual(['closed m.r', '0 of 1, 2 open']);
  });

  test('that are opened and closed before a checkpoint are closed by it', () => {
    const letters = lettersOf([]);
    letters.open('m.r', 7, { reason: 'cannot' });
    letters.close('m.r', 7);
    expect(letters.take()).toMatchObject({ deadLetters: [], closed: [{ reducer: 'm.r', offset: 7 }] });
  });

  test('that are closed and opened again stay open', () => {
    const letters = lettersOf([{ reducer: 'm.r', offset: 7 }]);
    letters.close('m.r', 7);
    letters.open('m.r', 7, { reason: 'again' });
    expect(letters.take()).toMatchObject({ deadLetters: [{ offset: 7, reason: 'again' }], closed: [] });
  });
});
