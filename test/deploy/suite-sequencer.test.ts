import { describe, expect, test } from '@jest/globals';

/** Not typed: it runs before anything is compiled. */
const path: string = '../support/suite-sequencer.mjs';
const { inOrder } = (await import(path)) as {
  inOrder(paths: readonly string[], workers: number): readonly string[];
};

const small = Array.from({ length: 90 }, (_, index) => `test/gateway/small-${index}.test.ts`);
const waiting = Array.from({ length: 6 }, (_, index) => `test/integrity/fault-${index}.test.ts`);
const stack = ['test/cli/one.stack.test.ts', 'test/cli/two.stack.test.ts'];
const all = [...stack, ...small, 'test/worker/exactly-once.test.ts', ...waiting];

describe('the order of the suites', () => {
  test.each([1, 2, 3])('has every suite once, with %s workers', (workers) => {
    expect([...inOrder(all, workers)].sort()).toEqual([...all].sort());
  });

  test('begins with the longest that keeps a core busy, and with those that wait beside it', () => {
    expect(inOrder(all, 3).slice(0, 3)).toEqual(['test/worker/exactly-once.test.ts', ...waiting.slice(0, 2)]);
  });

  test('leaves nothing long for the end, and the small ones no worker of their own for long', () => {
    const last = inOrder(all, 3).slice(-20);
    expect(last.filter((name) => !small.includes(name) && !stack.includes(name))).toEqual([]);
    expect(last.filter((name) => small.includes(name)).length).toBeGreaterThan(10);
  });

  test('does not depend on the order in which they are found', () => {
    expect(inOrder([...all].reverse(), 3)).toEqual(inOrder(all, 3));
  });
});
