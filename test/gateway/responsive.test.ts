import { describe, expect, test } from '@jest/globals';
import { readEnvelope } from '../../services/gateway/caliper-envelope.ts';
import { parseFrame } from '../../services/gateway/frame.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { readMany } from '../../services/gateway/xapi-statements.ts';
import { caliperEvent, envelope, statement } from './standard-support.ts';

/** How often others had their turn during some work. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isOver = true;
  return turns;
}

function shortestMs(work: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const since = performance.now();
    work();
    return performance.now() - since;
  });
  return Math.min(...times);
}

describe('one large request lets others have their turn', () => {
  test('as an envelope of many events', async () => {
    const items = Array.from({ length: 5_000 }, (_, n) => caliperEvent({ id: `urn:${n}` }));
    const body = Buffer.from(JSON.stringify(envelope(items)));
    const turns = await turnsDuring(async () => {
      expect((await readEnvelope(body, DEFAULT_LIMITS)).kind).toBe('envelope');
    });
    expect(turns).toBeGreaterThan(10);
  });

  test('as few statements with large extensions', async () => {
    const list = Array.from({ length: 30_000 }, (_, n) => ({ a: n }));
    const large = statement({ context: { extensions: { 'http://x.example/e': list } } });
    const body = Buffer.from(JSON.stringify(Array(6).fill(large)));
    let made = 0;
    const turns = await turnsDuring(async () => {
      const read = await readMany(body, () => String(made++), DEFAULT_LIMITS);
      expect(read.kind).toBe('statements');
    });
    // One for each statement, and one between the steps that see the whole body.
    expect(turns).toBeGreaterThan(6);
  });
});

test('a frame is not searched for forbidden names because of an escape that spells none of them', () => {
  const frame = (text: string) => `{"event":"x","a":[${'{},'.repeat(200_000)}"${text}"]}`;
  const [plain, escaped] = [frame('e'), frame('\\u00e9')];
  const limits = DEFAULT_LIMITS;
  expect(
    shortestMs(() => parseFrame(escaped, limits)) / shortestMs(() => parseFrame(plain, limits)),
  ).toBeLessThan(2);
});

test.each([
  '\\u005F_proto__',
  '__pr\\u006fto__',
  'constr\\u0075ctor',
  'p\\u0072ototype',
  '\\u0063onstructo\\u0072',
])('a forbidden name is found however it is written: %s', (name) => {
  const parsed = parseFrame(`{"event":"x","a":[{},{"b":{"${name}":1}}]}`, DEFAULT_LIMITS);
  expect(parsed).toMatchObject({
    problem: { error: expect.stringMatching(/^a\[1\]\.b\.(?:__proto__|constructor|prototype): /) },
  });
});
