import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createByteBudget } from '../../services/gateway/byte-budget.ts';
import { createToEventRecord } from '../../services/gateway/envelope.ts';
import { parseFrame } from '../../services/gateway/frame.ts';
import { identify, refusalOf } from '../../services/gateway/identity.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { createSession } from '../../services/gateway/session.ts';
import { createEventCodec } from '../../services/shared/event.ts';
import { connect, OPEN, SOURCE, startGateway, TESTCASE_ONLY, type TestGateway, until } from './support.ts';

const name = fc.oneof(
  fc.constantFrom(
    'event',
    'fields',
    'source',
    'auth',
    'user_tag',
    'id',
    'session',
    '__proto__',
    'constructor',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -1, 1e300, '', 'lock_fields', '\ud800'),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 4 }).map((pairs) => toText(pairs)),
  ),
}));

/** Marks text that stands for itself, so that names can come twice and be anything. */
class Raw extends Error {}

function toText(pairs: [string, unknown][]): Raw {
  return new Raw(`{${pairs.map(([key, inner]) => `${JSON.stringify(key)}:${textOf(inner)}`).join(',')}}`);
}

function textOf(value: unknown): string {
  if (value instanceof Raw) return value.message;
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  return JSON.stringify(value);
}

const object = fc.array(fc.tuple(name, anyValue), { maxLength: 5 }).map((pairs) => textOf(toText(pairs)));
const noise = fc.oneof(
  object,
  fc
    .tuple(fc.constantFrom('lock_fields', 'terminate', 'save_blob', 'x'), object)
    .map(([event, fields]) => `{"event":"${event}","fields":${fields},"a":${fields}}`),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('{'.repeat(500), '[{"event":"x"}]', '{"event":"x"', 'null', ''),
);

/** Frames of several students between each other: noise, and events that carry their writer's mark. */
const traffic = fc.array(fc.tuple(fc.nat(2), fc.oneof(noise, fc.constant('mark'))), { maxLength: 40 });

function frameOf(student: number, frame: string): string {
  return frame === 'mark' ? `{"event":"mark","mark":${student},"auth":{"safe_user_id":"eve"}}` : frame;
}

describe('whatever arrives', () => {
  test('a session never throws, and what it lets through is one student’s, whole and with our auth', () => {
    const codec = createEventCodec();
    const toEventRecord = createToEventRecord({
      namespace: 'test',
      sources: [SOURCE],
      codec,
      newId: () => 'new',
    });
    fc.assert(
      fc.property(traffic, fc.constantFrom(OPEN, TESTCASE_ONLY), (frames, identity) => {
        const backlogBudget = createByteBudget(10_000);
        const sessions = [0, 1, 2].map((student) => {
          const session = createSession({
            identify: (fields) => identify({ fields, cookies: {} }, identity),
            refusalOf: (auth, fields) => refusalOf(auth, fields, identity),
            limits: DEFAULT_LIMITS,
            backlogBudget,
          });
          const first = `{"event":"lock_fields","fields":{"user_id":"student-${student}"}}`;
          session.take(parseFrame(first, DEFAULT_LIMITS), 1);
          return { session, keys: new Set<string>() };
        });
        for (const [student, frame] of frames) {
          const { session, keys } = sessions[student]!;
          const outcome = session.take(parseFrame(frameOf(student, frame), DEFAULT_LIMITS), 1);
          for (const event of outcome.events) {
            const { record } = toEventRecord(event, '{}');
            const decoded = codec.decode(record.value);
            if (decoded.kind !== 'ok') throw new Error(decoded.reason);
            const client = JSON.parse(decoded.value.client) as Record<string, unknown>;
            const metadata = JSON.parse(decoded.value.metadata) as Record<string, unknown>;
            expect(client.auth).toEqual(event.auth);
            expect(metadata.auth).toEqual(event.auth);
            expect(record.key).toBe(event.auth.safe_user_id);
            if ('mark' in client) expect(client.mark).toBe(student);
            keys.add(record.key);
          }
        }
        for (const { session, keys } of sessions) {
          session.end();
          expect(keys.size).toBeLessThanOrEqual(1);
        }
        expect(backlogBudget.take(10_000)).toBe(true);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { interruptAfterTimeLimit: 5_000, numRuns: 2_000 },
    );
  });
});

describe('whatever arrives at the real gateway', () => {
  let started: TestGateway;
  beforeAll(async () => {
    started = await startGateway({ identity: TESTCASE_ONLY });
  });
  afterAll(() => started.close());

  test('sockets: it lives, and no student gets another’s event', async () => {
    const plain = fc.array(fc.tuple(fc.nat(2), fc.oneof(fc.string(), fc.constant('mark'))), {
      maxLength: 20,
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(plain, async (frames) => {
        const ordinal = run++;
        const clients = await Promise.all([0, 1, 2].map(() => connect(started.url)));
        for (const [student, client] of clients.entries())
          client.send({ event: 'lock_fields', fields: { user_id: `run-${ordinal}-${student}` } });
        for (const [student, frame] of frames) clients[student]!.send(frameOf(student, frame));
        for (const client of clients) client.send({ event: 'terminate' });
        for (const client of clients) expect((await client.closed).code).toBe(1000);
        const expected = frames.filter(([, frame]) => frame === 'mark').length;
        const prefix = `tc-testcase-run-${ordinal}-`;
        const mine = () => started.log.written().filter(({ key }) => key.startsWith(prefix));
        await until(() => mine().length === expected, 'every event was written');
        for (const { key, clientFields } of mine()) expect(key).toBe(`${prefix}${clientFields.mark}`);
      }),
      { interruptAfterTimeLimit: 3_000, numRuns: 100 },
    );
  });

  test('bodies: every answer is a refusal or a list with one result an element', async () => {
    const bodies = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(noise, { maxLength: 8 }).map((frames) => `[${frames.join(',')}]`),
      fc.array(noise, { maxLength: 8 }).map((frames) => frames.join('\n')),
    );
    await fc.assert(
      fc.asyncProperty(
        bodies,
        fc.constantFrom('application/json', 'application/x-ndjson'),
        fc.constantFrom('identity', 'gzip'),
        async (text, type, encoding) => {
          const headers = { 'content-type': type, 'content-encoding': encoding };
          const body = new Uint8Array(encoding === 'gzip' ? gzipSync(text) : Buffer.from(text));
          const response = await fetch(`${started.url}/v1/events`, { method: 'POST', headers, body });
          expect([200, 400]).toContain(response.status);
          const { results = [] } = (await response.json()) as { results?: { index: number }[] };
          expect(results.map(({ index }) => index)).toEqual(results.map((_, index) => index));
        },
      ),
      { interruptAfterTimeLimit: 3_000, numRuns: 300 },
    );
  });
});
