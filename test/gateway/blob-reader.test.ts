import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createBlobMetrics } from '../../services/gateway/blob-metrics.ts';
import { type BlobAnswer, type BlobAsked, createBlobReader } from '../../services/gateway/blob-reader.ts';
import { createBlobSender } from '../../services/gateway/blob-sender.ts';
import { blobPlaces } from '../../services/shared/blobs.ts';
import { silent, until } from './support.ts';

const places = blobPlaces('test', [{ name: 'blobs', id: 'blobs.v1', version: 1 }], {
  activeVersion: () => null,
})!;
const NAME = { source: 's', activity: 'a' };

/** A reader of a store that answers with `texts`, one a read, and then with the last. */
function start(texts: readonly string[], { lostAt = 0, blobFetchMs = 5_000, blobTurnMs = 5_000 } = {}) {
  const registry = new Registry();
  let reads = 0;
  let positions = 0;
  const reader = createBlobReader({
    places,
    logger: silent,
    clockMs: () => performance.now(),
    metrics: createBlobMetrics(registry),
    limits: { blobFetchMs, blobPollMs: 1, blobsInHand: 1, blobTurnMs },
    log: { offsets: async () => [{ partition: 0, start: 0, end: 1 }] },
    state: {
      async position() {
        const next = ++positions === lostAt ? null : 1;
        return { next, target: null, caughtUpAt: null, completeAt: null, partitions: 1 };
      },
      async readMany() {
        return [JSON.stringify(texts[Math.min(reads++, texts.length - 1)])];
      },
    },
  });
  const ask = (deliver: BlobAsked['deliver'], more: Partial<BlobAsked> = {}) =>
    reader.answer({
      student: 'a',
      name: NAME,
      after: Promise.resolve(),
      signal: new AbortController().signal,
      deliver,
      ...more,
    });
  return { ask, reads: () => reads, positions: () => positions, registry };
}

test('no more blobs than allowed are in hand: the next waits until one is delivered', async () => {
  const { ask, reads, positions, registry } = start(['1']);
  let deliver: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    deliver = resolve;
  });
  const first = ask(() => slow);
  await until(() => reads() === 1, 'the first was read');
  const before = positions();
  let delivered = 0;
  const others = [1, 2].map(() => ask(async () => void delivered++));
  await until(() => positions() > before, 'the others know that they may read');
  await new Promise((resolve) => setImmediate(resolve));
  expect([reads(), delivered]).toEqual([1, 0]);
  deliver();
  await Promise.all([first, ...others]);
  expect([reads(), delivered]).toEqual([3, 2]);
  expect(await registry.metrics()).toContain('lectern_gateway_blob_fetch_seconds_count{outcome="found"} 3');
});

test('a client that is slow to take its blob makes nobody wait; of many, the one that came first has to hurry', async () => {
  const { ask } = start(['1'], { blobTurnMs: 5 });
  const hurried: string[] = [];
  let delivered = 0;
  const askSlowly = (name: string) =>
    ask(
      (_answer, hurry) =>
        new Promise((resolve) => {
          delivered++;
          hurry.addEventListener('abort', () => {
            hurried.push(name);
            resolve();
          });
        }),
    );
  const first = askSlowly('first');
  await until(() => delivered === 1, 'it is being sent');
  await ask(async () => void delivered++);
  expect([delivered, hurried]).toEqual([2, []]);
  void askSlowly('second');
  await first;
  expect([delivered, hurried]).toEqual([3, ['first']]);
});

test('who waits in vain for a turn is told so', async () => {
  const { ask } = start(['1'], { blobFetchMs: 20 });
  let deliver: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    deliver = resolve;
  });
  const first = ask(() => slow);
  const answers: BlobAnswer[] = [];
  const second = ask(async (answer) => void answers.push(answer));
  // Begun later and for longer than what ends the patience of the second, so it is over after that.
  await new Promise((resolve) => setTimeout(resolve, 40));
  deliver();
  await Promise.all([first, second]);
  expect(answers).toEqual([
    {
      kind: 'problem',
      problem: expect.objectContaining({ error: expect.stringContaining('too many blobs') }),
    },
  ]);
});

test('what a store gave that was emptied meanwhile is read again', async () => {
  // The first position is the one that was waited for, the second what was found after the read.
  const { ask } = start(['of the old store', 'of the new one'], { lostAt: 2 });
  const answers: BlobAnswer[] = [];
  await ask(async (answer) => void answers.push(answer));
  expect(answers).toEqual([{ kind: 'blob', text: 'of the new one' }]);
});

test('after a save that was not kept, an older blob is no answer', async () => {
  const { ask, reads } = start(['older']);
  const answers: BlobAnswer[] = [];
  const after = Promise.reject(new Error('the log refused it'));
  await ask(async (answer) => void answers.push(answer), { after });
  expect(answers).toEqual([
    { kind: 'problem', problem: expect.objectContaining({ error: expect.stringContaining('was not kept') }) },
  ]);
  expect(reads()).toBe(0);
});

test('whoever is gone is not answered', async () => {
  const { ask } = start(['1']);
  const gone = new AbortController();
  gone.abort();
  let delivered = 0;
  await ask(async () => void delivered++, { signal: gone.signal });
  expect(delivered).toBe(0);
});

test('a client that does not take its blob is cut off', async () => {
  let cut: () => void = () => undefined;
  const sender = createBlobSender(
    {
      send: (_text: unknown, taken: unknown) => (cut = taken as () => void),
      terminate: () => cut(),
    } as never,
    5,
  );
  const sending = sender.send('"x"', new AbortController().signal);
  expect(sender.unsentBytes()).toBe('{"status":"fetch_blob","data":"x"}'.length);
  await sending;
  expect(sender.unsentBytes()).toBe(0);
  const hurry = new AbortController();
  const patient = createBlobSender(
    {
      send: (_text: unknown, taken: unknown) => (cut = taken as () => void),
      terminate: () => cut(),
    } as never,
    60_000,
  ).send('"x"', hurry.signal);
  hurry.abort();
  await patient;
});
