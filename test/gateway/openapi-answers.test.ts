import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenAPIObject } from 'openapi3-ts/oas31';
import { Gauge } from 'prom-client';
import { type Case, KEYS_UNREAD, provoke } from './openapi-cases.ts';
import { type Contract, createContract, METHODS } from './openapi-contract.ts';
import { EVENT_CASES, GOOD_EVENTS, GOOD_SOCKET, SOCKET_CASES } from './openapi-event-cases.ts';
import { GOOD_STANDARD, STANDARD_CASES } from './openapi-standard-cases.ts';
import { ask, type RawRequest } from './raw-request.ts';
import { createStandardHouse } from './standard-support.ts';

/** Documented answers that no test can bring about, with the reason. */
const NOT_PROVOKED: readonly string[] = [];

const house = createStandardHouse();
afterEach(() => house.cleanUp.run());

let contract: Contract;
beforeAll(async () => {
  const { url } = await house.start();
  const { text } = await ask(url, { method: 'GET', path: '/openapi.json' });
  contract = createContract(JSON.parse(text) as OpenAPIObject);
  await house.cleanUp.run();
});

const operators = (path: string, status: number, name: string, how: Partial<Case> = {}): Case => ({
  operation: `get ${path}`,
  status,
  name,
  ...how,
});

const CASES: readonly Case[] = [
  ...SOCKET_CASES,
  ...EVENT_CASES,
  ...STANDARD_CASES,
  operators('/healthz', 200, 'a process that lives'),
  operators('/readyz', 200, 'a gateway that is ready'),
  operators('/readyz', 503, 'a gateway that is not', { options: KEYS_UNREAD.options }),
  operators('/metrics', 200, 'figures'),
  operators('/metrics', 500, 'a fault of ours', {
    prepare: ({ registry }) =>
      new Gauge({
        name: 'broken',
        help: 'Broken on purpose',
        registers: [registry],
        collect: () => Promise.reject(new Error('broken on purpose')),
      }),
  }),
  operators('/openapi.json', 200, 'the document'),
];

const goodOf = (operation: string): RawRequest => {
  if (operation === 'post /v1/events') return GOOD_EVENTS;
  if (operation === 'get /wsapi/in/') return GOOD_SOCKET;
  return GOOD_STANDARD[operation] ?? { method: 'GET', path: operation.split(' ')[1]! };
};

describe('an answer is as it is documented', () => {
  test.each(CASES)('$operation $status: $name', async (one) => {
    const answer = await provoke(one, goodOf(one.operation), house);
    expect([answer.status, contract.faults(one.operation, answer)]).toEqual([one.status, []]);
  });
});

test('every documented status is brought about by a test', () => {
  const provoked = new Set(CASES.map(({ operation, status }) => `${operation} ${status}`));
  const rest = contract.statuses.filter((status) => !provoked.has(status));
  expect(rest).toEqual(NOT_PROVOKED);
});

test('the methods that a path does not have are refused as documented, and named right', async () => {
  const { url } = await house.start();
  for (const [path, item] of Object.entries(contract.paths)) {
    const others = METHODS.filter((method) => item[method] === undefined);
    const has = METHODS.filter((method) => item[method] !== undefined);
    for (const method of others) {
      const headers = { 'x-experience-api-version': '1.0.3' };
      const answer = await ask(url, { method: method.toUpperCase(), path, headers });
      expect([path, method, answer.status, contract.otherMethodFaults(path, answer)]).toEqual([
        path,
        method,
        405,
        [],
      ]);
      const allowed = answer.headers.allow
        ?.toLowerCase()
        .split(', ')
        .filter((name) => name !== 'head')
        .sort();
      expect([path, allowed]).toEqual([path, [...has].sort()]);
    }
  }
});
