import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../services/shared/clock.ts';
import { createBudget } from '../../services/worker/budget.ts';

/** A clock whose timers go off by hand, and which knows how many run. */
function handClock() {
  const running = new Set<{ readonly ms: number; readonly action: () => void }>();
  const clock: Pick<Clock, 'every'> = {
    every(ms, action) {
      const timer = { ms, action };
      running.add(timer);
      return () => running.delete(timer);
    },
  };
  const tick = (times = 1): void => {
    for (let time = 0; time < times; time++) for (const { action } of [...running]) action();
  };
  return { clock, running, tick };
}

const never = (): Promise<never> => new Promise(() => undefined);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the budget of asynchronous reducers', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });
  afterEach(() => {
    process.off('unhandledRejection', note);
  });

  test('gives what a promise came to', async () => {
    const budget = createBudget(1_000, handClock().clock);
    const error = new Error('no');
    expect(await budget(Promise.resolve(7))).toEqual({ kind: 'done', value: 7 });
    expect(await budget(Promise.reject(error))).toEqual({ kind: 'failed', error });
  });

  test('takes anything that can be waited for, and what that throws', async () => {
    const budget = createBudget(1_000, handClock().clock);
    // biome-ignore lint/suspicious/noThenProperty: reducers may return such objects.
    const broken = { then: () => broken.missing() } as unknown as PromiseLike<unknown> & { missing(): never };
    expect((await budget(broken)).kind).toBe('failed');
  });

  test('is over for what is not done in time, and for nothing that came after it', async () => {
    const { clock, running, tick } = handClock();
    const budget = createBudget(1_000, clock);
    const outcomes: string[] = [];
    void budget(never()).then(({ kind }) => outcomes.push(`first ${kind}`));
    tick(5);
    void budget(never()).then(({ kind }) => outcomes.push(`second ${kind}`));
    const ms = [...running][0]!.ms;
    tick(1_000 / ms - 5);
    await turn();
    expect(outcomes).toEqual([]);
    tick();
    await turn();
    expect(outcomes).toEqual(['first late']);
    tick(5);
    await turn();
    expect(outcomes).toEqual(['first late', 'second late']);
  });

  test('hears nothing more of what was late, whatever it comes to', async () => {
    const { clock, tick } = handClock();
    const budget = createBudget(1_000, clock);
    const settle: (() => void)[] = [];
    const outcomes = [
      budget(new Promise((resolve) => settle.push(() => resolve(1)))),
      budget(new Promise((_, reject) => settle.push(() => reject(new Error('too late'))))),
    ];
    tick(100);
    expect((await Promise.all(outcomes)).map(({ kind }) => kind)).toEqual(['late', 'late']);
    for (const one of settle) one();
    await turn();
    expect(unhandled).toEqual([]);
  });

  test('is not used up by a process that stood still: time is counted in turns of its own', async () => {
    const { clock, tick } = handClock();
    const budget = createBudget(1_000, clock);
    let resolve = (_value: number): void => undefined;
    const outcome = budget(new Promise<number>((done) => (resolve = done)));
    // However long it was away, a timer goes off once.
    tick();
    resolve(3);
    expect(await outcome).toEqual({ kind: 'done', value: 3 });
  });

  test('runs one timer for all promises, and none while nothing is waited for', async () => {
    const { clock, running, tick } = handClock();
    const budget = createBudget(1_000, clock);
    expect(running.size).toBe(0);
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => budget(Promise.resolve(n))));
    expect(running.size).toBe(1);
    tick();
    expect(running.size).toBe(0);
    void budget(never());
    expect(running.size).toBe(1);
    tick(100);
    expect(running.size).toBe(0);
  });
});
