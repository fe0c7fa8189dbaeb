import { expect, test } from '@jest/globals';
import { createUnitStatus } from '../../services/worker/unit-status.ts';

test('a unit that waits says for what, and only a new thing is progress', () => {
  const status = createUnitStatus();
  status.waits('one');
  const before = status.progress;
  status.waits('one');
  expect(status.progress).toBe(before);
  status.waits('two');
  expect(status.progress).toBeGreaterThan(before);
  expect(status).toMatchObject({ trouble: 'two', waitsFor: 'two' });
});

test('a unit that waits no more has no trouble, whether or not it got on meanwhile', () => {
  const status = createUnitStatus();
  status.waits('one');
  status.waits(null);
  expect(status).toMatchObject({ trouble: null, waitsFor: null });
  status.waits('one');
  status.gotOn();
  status.waits(null);
  expect(status).toMatchObject({ trouble: null, waitsFor: null });
});

test('what came of claims is told until something is stored', () => {
  const status = createUnitStatus();
  expect(status.lost).toBeNull();
  status.lose('one');
  status.set(null);
  status.lose('two');
  expect(status).toMatchObject({ trouble: 'two', lost: { times: 2, because: 'two' } });
  status.stored();
  expect(status.lost).toBeNull();
});

test('a unit in a queue has no trouble of its own, and gets on when the queue does', () => {
  const status = createUnitStatus();
  status.set(null);
  status.queues('two before it');
  const before = status.progress;
  status.queues('two before it');
  expect(status.progress).toBe(before);
  status.queues('one before it');
  expect(status.progress).toBeGreaterThan(before);
  expect(status).toMatchObject({ trouble: null, waitsFor: 'one before it' });
  status.queues(null);
  expect(status).toMatchObject({ trouble: null, waitsFor: null });
});
