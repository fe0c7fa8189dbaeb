import { describe, expect, test } from '@jest/globals';
import { createLetters, type Letters } from '../../services/worker/letters.ts';

const unit = { module: 'm.v1', topic: 't', partition: 3 };

function lettersOf(stored: readonly { reducer: string; offset: number }[], told: string[] = []): Letters {
  return createLetters(unit, 1, stored, {
    opened: (reducer, open) => told.push(`opened ${reducer} ${open}`),
    closed: (reducer, open) => told.push(`closed ${reducer} ${open}`),
  });
}

describe('the dead letters of a unit', () => {
  test('go into one checkpoint, whole', () => {
    const letters = lettersOf([]);
    letters.open('m.r', 7, { reason: 'cannot', stack: 'at' });
    expect(letters.waiting).toBe(1);
    expect(letters.take()).toEqual({
      deadLetters: [
        { reducer: 'm.r', version: 1, topic: 't', partition: 3, offset: 7, reason: 'cannot', stack: 'at' },
      ],
      closed: [],
    });
    expect(letters.take()).toEqual({ deadLetters: [], closed: [] });
    expect(letters.isOpen('m.r', 7)).toBe(true);
  });

  test('are told as they open and close, each once', () => {
    const told: string[] = [];
    const letters = lettersOf([{ reducer: 'm.r', offset: 1 }], told);
    letters.open('m.r', 1, { reason: 'again' });
    letters.open('m.s', 2, { reason: 'new' });
    letters.close('m.r', 1);
    letters.close('m.r', 1);
    expect(told).toEqual(['opened m.s 2', 'closed m.r 1']);
  });

  test('that are opened and closed before a checkpoint are closed by it', () => {
    const letters = lettersOf([]);
    letters.open('m.r', 7, { reason: 'cannot' });
    letters.close('m.r', 7);
    expect(letters.take()).toEqual({ deadLetters: [], closed: [{ reducer: 'm.r', offset: 7 }] });
  });

  test('that are closed and opened again stay open', () => {
    const letters = lettersOf([{ reducer: 'm.r', offset: 7 }]);
    letters.close('m.r', 7);
    letters.open('m.r', 7, { reason: 'again' });
    expect(letters.take()).toMatchObject({ deadLetters: [{ offset: 7, reason: 'again' }], closed: [] });
  });
});
