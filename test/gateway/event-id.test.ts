import { expect, test } from '@jest/globals';
import { validate, version } from 'uuid';
import { createEventIds } from '../../services/gateway/event-id.ts';

const MANY = 20_000;

test('ids are UUIDs of version 7, each another, and tell when they were made', () => {
  const newId = createEventIds();
  const before = Date.now();
  const ids = Array.from({ length: MANY }, newId);
  const after = Date.now();
  expect(new Set(ids).size).toBe(MANY);
  const isWrong = (id: string): boolean => {
    const madeAt = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    return !validate(id) || version(id) !== 7 || madeAt < before || madeAt > after;
  };
  expect(ids.filter(isWrong)).toEqual([]);
});

test('ids of two makers differ', () => {
  const [one, other] = [createEventIds(), createEventIds()];
  const ids = Array.from({ length: MANY / 2 }, () => [one(), other()]).flat();
  expect(new Set(ids).size).toBe(MANY);
});
