import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseConfig } from '../../services/shared/config.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { Unit } from '../../services/shared/state/port.ts';
import { type BreakerLimits, createBreaker } from '../../services/worker/breaker.ts';
import { breakerLimits, breakerShape } from '../../services/worker/breaker-config.ts';

const LIMITS: BreakerLimits = { share: 0.5, letters: 10, windowMs: 60_000, open: 100 };
const unitOf = (partition: number): Unit => ({ module: 'm.v1', topic: 't', partition });

function house(limits: Partial<BreakerLimits> = {}) {
  const published: ControlRecord[] = [];
  const listeners = new Set<(record: ControlRecord) => void>();
  const faults: Error[] = [];
  let now = 1_000_000;
  let paused: string | null = null;
  const take = (record: ControlRecord): void => {
    published.push(record);
    if (record.kind === 'module-switch') paused = record.paused ? record.reason : null;
    for (const listener of listeners) listener(record);
  };
  const control = {
    async publish(record: ControlRecord) {
      await Promise.resolve();
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      take(record);
    },
    pausedBecause: () => paused,
    watch(listener: (record: ControlRecord) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const breaker = createBreaker({
    module: { name: 'm', id: 'm.v1' },
    limits: { ...LIMITS, ...limits },
    control,
    clock: { now: () => now },
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  const open = new Map<number, number>();
  return {
    breaker,
    published,
    faults,
    listeners,
    resume: () => take({ kind: 'module-switch', module: 'm', paused: false, reason: 'mended' }),
    pass: (ms: number) => {
      now += ms;
    },
    /** A checkpoint of a unit, of whose events some were refused. */
    reduce(events: number, letters: number, partition = 0) {
      open.set(partition, (open.get(partition) ?? 0) + letters);
      breaker.stored(unitOf(partition), { events, letters, open: open.get(partition)! });
    },
    /** What was published comes after a turn. */
    async settled() {
      await new Promise((resolve) => setImmediate(resolve));
      return published.filter((record) => record.kind === 'module-switch' && record.paused).length;
    },
  };
}

test('a module most of whose events are refused pauses once, with the figures as its reason', async () => {
  const { reduce, published, settled } = house();
  reduce(30, 16);
  reduce(30, 16);
  expect(await settled()).toBe(1);
  reduce(30, 30);
  expect(await settled()).toBe(1);
  expect(published[0]).toEqual({
    kind: 'module-switch',
    module: 'm',
    paused: true,
    reason: expect.stringMatching(/^\d+ dead letters came of \d+ events within 60 s$/),
  });
});

test('half of the events are not most of them, and a few dead letters are no rate', async () => {
  const { reduce, settled } = house({ open: 10_000 });
  reduce(20, 10);
  reduce(1_000, 500);
  expect(await settled()).toBe(0);
  const few = house();
  few.reduce(9, 9);
  expect(await few.settled()).toBe(0);
});

test('a checkpoint is judged as a whole', async () => {
  const { reduce, settled } = house();
  reduce(100, 40);
  expect(await settled()).toBe(0);
});

test('what is older than the window does not count', async () => {
  const { reduce, pass, settled } = house();
  for (let minute = 0; minute < 5; minute++) {
    reduce(9, 9);
    pass(LIMITS.windowMs * 1.25);
  }
  expect(await settled()).toBe(0);
  reduce(5, 5);
  pass(LIMITS.windowMs / 2);
  reduce(5, 5);
  expect(await settled()).toBe(1);
});

test('a good hour before does not hide a bad minute', async () => {
  const { reduce, pass, settled } = house();
  reduce(1_000_000, 0);
  pass(LIMITS.windowMs);
  reduce(20, 20);
  expect(await settled()).toBe(1);
});

test('too many open dead letters pause the module, wherever they come from', async () => {
  const { reduce, settled, published } = house({ letters: 1_000_000 });
  reduce(10_000, 50, 0);
  reduce(10_000, 49, 1);
  expect(await settled()).toBe(0);
  reduce(10_000, 1, 2);
  expect(await settled()).toBe(1);
  expect(published[0]).toMatchObject({ reason: '100 dead letters are open in one worker' });
});

test('those that are closed, or of units that left, are not open', async () => {
  const { breaker, settled } = house();
  breaker.claimed(unitOf(0), 90);
  breaker.claimed(unitOf(1), 9);
  breaker.forget(unitOf(1));
  breaker.stored(unitOf(0), { events: 10, letters: 0, open: 80 });
  breaker.stored(unitOf(2), { events: 1, letters: 1, open: 19 });
  expect(await settled()).toBe(0);
  breaker.stored(unitOf(2), { events: 1, letters: 1, open: 20 });
  expect(await settled()).toBe(1);
});

test('a module that is resumed with too many open may work on, up to a tenth more', async () => {
  const { reduce, resume, settled } = house({ letters: 1_000_000 });
  reduce(1_000, 100);
  expect(await settled()).toBe(1);
  resume();
  reduce(1_000, 9);
  expect(await settled()).toBe(1);
  reduce(1_000, 1);
  expect(await settled()).toBe(2);
});

test('a worker that takes over units with too many open does not pause the module for that', async () => {
  const { breaker, settled } = house();
  breaker.claimed(unitOf(0), 70);
  breaker.claimed(unitOf(1), 70);
  breaker.stored(unitOf(1), { events: 1, letters: 1, open: 71 });
  expect(await settled()).toBe(0);
});

test('a resumed module begins with a clean window', async () => {
  const { reduce, resume, settled } = house();
  reduce(20, 20);
  expect(await settled()).toBe(1);
  resume();
  reduce(9, 9);
  expect(await settled()).toBe(1);
  reduce(1, 1);
  expect(await settled()).toBe(2);
});

test('a pause that could not be published is tried again with the next checkpoint', async () => {
  const { reduce, faults, settled } = house();
  faults.push(new Error('no broker'));
  reduce(20, 20);
  expect(await settled()).toBe(0);
  reduce(1, 0);
  expect(await settled()).toBe(1);
});

test('one that is closed hears no more of what people decide', () => {
  const { breaker, listeners } = house();
  expect(listeners.size).toBe(1);
  breaker.close();
  expect(listeners.size).toBe(0);
});

test('its limits are variables with defaults', () => {
  const schema = z.object(breakerShape);
  expect(breakerLimits(parseConfig(schema, {}))).toEqual({
    share: 0.5,
    letters: 1_000,
    windowMs: 60_000,
    open: 10_000,
  });
  expect(breakerLimits(parseConfig(schema, { LECTERN_BREAKER_PERCENT: '80' })).share).toBe(0.8);
  expect(() => parseConfig(schema, { LECTERN_BREAKER_PERCENT: '0' })).toThrow('LECTERN_BREAKER_PERCENT');
});
