import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeActorId } from '../../services/gateway/xapi-actor.ts';
import { statementHash } from '../../services/gateway/xapi-comparable.ts';
import { statementFault } from '../../services/gateway/xapi-fault.ts';
import {
  caliperEvent,
  createStandardHouse,
  envelope,
  type StandardGateway,
  statement,
} from './standard-support.ts';

const house = createStandardHouse();
let gateway: StandardGateway;
const keptSoFar = (): number => gateway.log.sends.flat().length;
// One for each test: a property whose time is over leaves its last request behind.
beforeEach(async () => {
  gateway = await house.start();
});
afterEach(() => house.cleanUp.run());

const word = fc.oneof(
  fc.constantFrom(
    ...['actor', 'verb', 'object', 'objectType', 'id', 'context', 'member', 'extensions', 'mbox', 'account'],
    ...['contextActivities', 'parent', 'attachments', 'Group', 'SubStatement', 'Activity', 'mailto:a@b.org'],
    ...[
      'sensor',
      'data',
      'action',
      'eventTime',
      'type',
      'group',
      'membership',
      'roles',
      'http://x.example/y',
    ],
    ...['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', 'length', ''],
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const { value: anything } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -1, 1e300, 2 ** 53 + 2, '\ud800'),
    word,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(word, tie('value')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}));

interface Change {
  readonly at: readonly number[];
  readonly name: string;
  readonly value: unknown;
}

/** Puts something else somewhere into a copy of a value. */
function changed(value: unknown, { at, name, value: put }: Change): unknown {
  const copy = structuredClone(value);
  let place = copy as Record<string, unknown>;
  for (const step of at) {
    const inner = Object.values(place).filter((each) => typeof each === 'object' && each !== null);
    if (inner.length > 0) place = inner[step % inner.length] as Record<string, unknown>;
  }
  if (Array.isArray(place)) {
    place[name.length % (place.length + 1)] = put;
    return copy;
  }
  const names = [...Object.keys(place), name];
  const chosen = names[(at.length * 7 + name.length) % names.length]!;
  // Names such as __proto__ become the value's own, as they do when JSON is parsed.
  Object.defineProperty(place, chosen, { value: put, enumerable: true, writable: true, configurable: true });
  return copy;
}

const change = fc.record({ at: fc.array(fc.nat(9), { maxLength: 3 }), name: word, value: anything });
const changes = fc.array(change, { maxLength: 3 });
const rich = statement({
  context: {
    contextActivities: { parent: [{ id: 'http://x.example/p' }] },
    team: { objectType: 'Group', member: [{ account: { homePage: 'http://x.example', name: 'n' } }] },
    extensions: { 'http://x.example/e': { a: 1 } },
  },
  result: { score: { scaled: 0.5 }, extensions: {} },
});
const mutant = (value: unknown) => changes.map((list) => list.reduce(changed, value));
const statements = fc.oneof(mutant(rich), mutant(statement()), anything);
const items = fc.oneof(
  mutant(caliperEvent({ group: 'http://x.example/g', membership: { id: 'm', roles: ['Instructor'] } })),
  mutant({ id: 'http://x.example/p', type: 'Person' }),
  anything,
);
const noise = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '{', '['.repeat(5_000), '{"a":1}'));
const bounds = { interruptAfterTimeLimit: 3_000, numRuns: 1_000 };

describe('whatever arrives', () => {
  test('a statement is valid or has a fault; a valid one has an actor, and a hash that its order does not change', () => {
    let valid = 0;
    fc.assert(
      fc.property(statements, (value) => {
        const parsed = JSON.parse(JSON.stringify(value) ?? 'null') as never;
        const fault = statementFault(parsed);
        if (fault !== null) return expect(fault).toMatch(/^[.:]/);
        valid++;
        const { actor } = parsed as { actor: unknown };
        expect(safeActorId(actor)).toMatch(/^xapi-[a-z_0-9]+-[0-9a-f]{64}$/);
        const reversed = Object.fromEntries(Object.entries(parsed).reverse()) as never;
        expect(statementHash(reversed)).toBe(statementHash(parsed));
      }),
      { interruptAfterTimeLimit: 3_000, numRuns: 5_000 },
    );
    expect(valid).toBeGreaterThan(10);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('POST /xapi/statements answers with ids or a refusal, and keeps all of a batch or nothing', async () => {
    const body = fc.oneof(
      fc.array(statements, { maxLength: 4 }).map((list) => JSON.stringify(list)),
      statements.map((value) => JSON.stringify(value) ?? ''),
      noise,
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const before = keptSoFar();
        const answer = await gateway.post(text);
        expect([200, 400, 409]).toContain(answer.status);
        const kept = keptSoFar() - before;
        if (answer.status !== 200) {
          expect(answer.error).toEqual(expect.any(String));
          return expect(kept).toBe(0);
        }
        const value = JSON.parse(text) as unknown;
        expect(answer.body).toHaveLength(Array.isArray(value) ? value.length : 1);
        expect(kept).toBeLessThanOrEqual((answer.body as string[]).length);
      }),
      bounds,
    );
  });

  test('POST /caliper answers with nothing or a refusal, and keeps all of an envelope or nothing', async () => {
    const body = fc.oneof(
      fc.array(items, { maxLength: 4 }).map((data) => JSON.stringify(envelope(data))),
      fc
        .tuple(fc.array(items, { maxLength: 2 }), changes)
        .map(([data, list]) => JSON.stringify(list.reduce(changed, envelope(data))) ?? ''),
      noise,
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const before = keptSoFar();
        const answer = await gateway.caliper(text);
        expect([200, 400, 422]).toContain(answer.status);
        const kept = keptSoFar() - before;
        if (answer.status !== 200) return expect(kept).toBe(0);
        expect(answer.text).toBe('');
        expect(kept).toBe((JSON.parse(text) as { data: unknown[] }).data.length);
      }),
      bounds,
    );
  });

  test('headers and parameters are taken or refused', async () => {
    const header = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
    const query = fc.array(fc.tuple(fc.oneof(fc.constant('statementId'), word), word), { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('POST', 'PUT', 'GET', 'DELETE', 'OPTIONS'),
        query,
        header,
        header,
        async (method, pairs, version, authorization) => {
          const search = pairs.map((pair) =>
            pair.map((part) => encodeURIComponent(Buffer.from(part).toString())).join('='),
          );
          const body = method === 'POST' || method === 'PUT' ? statement() : undefined;
          const headers = { authorization, 'x-experience-api-version': version };
          const answer = await gateway.xapi(method, `?${search.join('&')}`, body, headers);
          expect([200, 204, 400, 405]).toContain(answer.status);
        },
      ),
      { interruptAfterTimeLimit: 3_000, numRuns: 200 },
    );
  });
});
