import { expect, test } from '@jest/globals';
import { createBlobDesk } from '../../services/gateway/blob-desk.ts';
import type { BlobAsked } from '../../services/gateway/blob-reader.ts';
import { until } from './support.ts';

const ASK = { student: 'a', name: { source: 's', activity: 'a' }, deliver: async () => undefined };

/** A desk over a reader that answers when a test says so. */
function start() {
  const asked: BlobAsked[] = [];
  const answers: (() => void)[] = [];
  const desk = createBlobDesk({
    maxWaiting: 5,
    reader: {
      answer(fetch) {
        asked.push(fetch);
        return new Promise((resolve) => answers.push(resolve));
      },
    },
  });
  return { desk, asked, answers };
}

test('one fetch is answered at a time, in their order', async () => {
  const { desk, asked, answers } = start();
  for (const student of ['a', 'b', 'c']) desk.fetch({ ...ASK, student });
  for (const count of [1, 2, 3]) {
    await until(() => asked.length >= count, 'the next was asked');
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(count);
    answers[count - 1]!();
  }
  expect(asked.map(({ student }) => student)).toEqual(['a', 'b', 'c']);
});

test('a fetch comes after the saves before it, and no later ones', async () => {
  const { desk, asked, answers } = start();
  desk.fetch(ASK);
  desk.saving(Promise.resolve());
  desk.fetch(ASK);
  desk.saving(new Promise(() => undefined));
  answers[0]!();
  await until(() => asked.length === 2, 'the second was asked');
  await asked[1]!.after;
});

test('once a save was not kept, no fetch of the connection pretends that it was', async () => {
  const { desk, asked } = start();
  desk.saving(Promise.reject(new Error('the log refused it')));
  desk.saving(Promise.resolve());
  desk.fetch(ASK);
  await expect(asked[0]!.after).rejects.toThrow('the log refused it');
});

test('when the socket is closed, nothing more is asked', async () => {
  const { desk, asked, answers } = start();
  desk.fetch(ASK);
  desk.fetch(ASK);
  desk.end();
  expect(asked[0]!.signal.aborted).toBe(true);
  answers[0]!();
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(1);
});
