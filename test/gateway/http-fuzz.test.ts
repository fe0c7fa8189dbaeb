import { connect as connectTcp } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bearer, createDecisions, post } from './access-house.ts';
import { SOURCE, startGateway, TESTCASE_ONLY, type TestGateway } from './support.ts';

let started: TestGateway;
let keys: Readonly<Record<string, string>>;

beforeAll(async () => {
  const decisions = createDecisions();
  const limits = { stallMs: 60, answerMs: 100 };
  started = await startGateway({ identity: TESTCASE_ONLY, access: decisions.access, limits });
  keys = {
    vouching: decisions.addKey(),
    public: decisions.addKey({ vouches: false }),
    scoped: decisions.addKey({ sources: [SOURCE] }),
    revoked: decisions.addKey({ revoked: 1 }),
  };
});
afterAll(() => started.close());

/** What a server says to bytes after which nothing comes, until it closes the connection or has answered. */
async function answerTo(bytes: Buffer): Promise<string> {
  const socket = connectTcp(started.port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const said = (): string => Buffer.concat(chunks).toString();
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const [head = '', body = ''] = said().split('\r\n\r\n');
      const length = /^content-length: (\d+)$/im.exec(head)?.[1];
      if (length !== undefined && Buffer.byteLength(body) >= Number(length)) resolve();
    });
    socket.on('error', () => resolve());
    socket.once('close', () => resolve());
    socket.write(bytes);
  });
  socket.destroy();
  return said();
}

const student = fc.nat(3).map((n) => `student-${n}`);
const mark = (run: number, user: string | undefined, more: object): string =>
  JSON.stringify({ event: 'mark', run, ...(user === undefined ? {} : { user_id: user }), ...more });
const lockable = fc.record(
  {
    event: fc.constantFrom('locked', 'lock_fields', 'terminate', 'save_blob', '', 7),
    id: fc.oneof(fc.constantFrom('one', '', 'x'.repeat(201), '\ud800', 7, null), fc.string()),
    user_id: student,
    source: fc.constantFrom(SOURCE, 'other', 7),
    session: fc.constantFrom('s', 7),
    auth: fc.constant({ safe_user_id: 'eve' }),
  },
  { requiredKeys: [] },
);
const frame = fc.oneof(
  fc.tuple(fc.option(student, { nil: undefined }), lockable).map(
    ([user, more]) =>
      (run: number) =>
        mark(run, user, { ...more, event: 'mark' }),
  ),
  lockable.map((fields) => () => JSON.stringify({ event: 'lock_fields', fields })),
  fc.constantFrom('{}', '7', '{"event":"terminate"}', '{"event":"fetch_blob"}').map((text) => () => text),
);
const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 12 });
/** Mostly one of these, else anything. */
const mostly = (...values: string[]) =>
  fc.oneof({ arbitrary: fc.constantFrom(...values), weight: 9 }, { arbitrary: ascii, weight: 1 });
const head = fc.record({
  type: mostly('application/json', 'application/x-ndjson'),
  encoding: mostly('', '', '', 'gzip', 'identity', 'GZIP', 'br'),
  key: mostly('vouching', 'vouching', 'public', 'scoped', 'revoked', 'none'),
  length: fc.oneof(
    { arbitrary: fc.constantFrom('own', 'chunked'), weight: 4 },
    { arbitrary: fc.constantFrom('longer', 'shorter', '-1', 'abc', 'twice', 'both'), weight: 1 },
  ),
});

function lengthLines(kind: string, { length }: Buffer): string[] {
  const own = `Content-Length: ${length}`;
  const lines: Readonly<Record<string, string[]>> = {
    own: [own],
    chunked: ['Transfer-Encoding: chunked'],
    longer: [`Content-Length: ${length + 10}`],
    shorter: [`Content-Length: ${Math.max(0, length - 5)}`],
    twice: [own, `Content-Length: ${length + 1}`],
    both: [own, 'Transfer-Encoding: chunked'],
  };
  return lines[kind] ?? [`Content-Length: ${kind}`];
}

test('whatever a request says of itself: it is answered, and every event is of whom it names', async () => {
  let run = 0;
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(head, fc.array(frame, { maxLength: 8 }), async (said, frames) => {
      const ordinal = run++;
      const texts = frames.map((text) => text(ordinal));
      const text = said.type.endsWith('ndjson') ? texts.join('\n') : `[${texts.join(',')}]`;
      const body = /gzip/i.test(said.encoding) ? gzipSync(text) : Buffer.from(text);
      const framed =
        said.length === 'chunked'
          ? Buffer.concat([
              Buffer.from(`${body.length.toString(16)}\r\n`),
              body,
              Buffer.from('\r\n0\r\n\r\n'),
            ])
          : body;
      const lines = [
        'POST /v1/events HTTP/1.1',
        'Host: x',
        `Content-Type: ${said.type}`,
        ...(said.encoding === '' ? [] : [`Content-Encoding: ${said.encoding}`]),
        ...(said.key === 'none' ? [] : [`Authorization: Bearer ${keys[said.key] ?? said.key}`]),
        ...lengthLines(said.length, body),
      ];
      const answer = await answerTo(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), framed]));
      expect(answer).toMatch(/^HTTP\/1\.1 (?:200|400|401|408|413|415) /);
      const mine = started.log.written().filter(({ clientFields }) => clientFields.run === ordinal);
      if (said.key === 'revoked') expect(mine).toEqual([]);
      for (const { key, clientFields, source } of mine) {
        expect(key).not.toContain('eve');
        if (said.key === 'scoped') expect(source).toBe(SOURCE);
        if (['vouching', 'scoped'].includes(said.key))
          expect(key).toBe(`tc-testcase-${clientFields.user_id}`);
      }
      if (!['vouching', 'scoped'].includes(said.key))
        expect(new Set(mine.map(({ key }) => key)).size).toBeLessThanOrEqual(1);
      taken += mine.length;
    }),
    { interruptAfterTimeLimit: 5_000, numRuns: 400 },
  );
  expect(taken).toBeGreaterThan(10);
  const { status } = await post(started.url, [{ event: 'x', user_id: 'bob' }], bearer(keys.vouching!));
  expect(status).toBe(200);
});
