import { describe, expect, test } from '@jest/globals';
import type { Checkpoint, CheckpointReply } from '../../services/shared/state/port.ts';
import { createPipeline } from '../../services/worker/pipeline.ts';

const checkpoint = (next: number): Checkpoint => ({
  token: 't',
  expected: next - 1,
  next,
  states: new Map(),
  deadLetters: [],
  lengths: new Map(),
  closed: [],
  anchor: null,
  caughtUpAt: null,
});

function start() {
  const sent: { next: number; answer: (reply: CheckpointReply | Error) => void }[] = [];
  const done: number[] = [];
  const lost: string[] = [];
  const pipeline = createPipeline({
    send: ({ next }) =>
      new Promise((resolve, reject) => {
        sent.push({ next, answer: (reply) => (reply instanceof Error ? reject(reply) : resolve(reply)) });
      }),
    done: ({ next }) => void done.push(next),
    lost: (because, forGood) => void lost.push(forGood ? `for good: ${because}` : because),
  });
  return { pipeline, sent, done, lost };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('checkpoints on their way', () => {
  test('are at most two, and a third waits for room', async () => {
    const { pipeline, sent, done } = start();
    pipeline.submit(checkpoint(1));
    pipeline.submit(checkpoint(2));
    let room = false;
    void pipeline.room().then(() => {
      room = true;
    });
    await settled();
    expect(room).toBe(false);
    sent[0]!.answer({ status: 'done' });
    await settled();
    expect(room).toBe(true);
    expect(done).toEqual([1]);
    expect(pipeline.inFlight).toBe(1);
  });

  test('are drained when the last has its answer, whatever it is', async () => {
    const { pipeline, sent } = start();
    await pipeline.drained();
    pipeline.submit(checkpoint(1));
    let drained = false;
    void pipeline.drained().then(() => {
      drained = true;
    });
    await settled();
    expect(drained).toBe(false);
    sent[0]!.answer(new Error('away'));
    await settled();
    expect(drained).toBe(true);
  });

  test('count as done when the store had taken the same before', async () => {
    const { pipeline, sent, done, lost } = start();
    pipeline.submit(checkpoint(1));
    sent[0]!.answer({ status: 'repeated' });
    await settled();
    expect([done, lost]).toEqual([[1], []]);
  });

  test.each<[string, CheckpointReply | Error, RegExp]>([
    ['another owner', { status: 'refused', because: 'token', stored: 5 }, /^the store holds another owner/],
    ['another offset', { status: 'refused', because: 'offset', stored: 5 }, /offset 5/],
    [
      'a store that something else wrote to',
      { status: 'altered', field: 'Internal,m.r,STUDENT:bob' },
      /^for good: a stored state of m\.r is not .*; something else wrote .*: empty the unit there[^:]*$/,
    ],
    ['a store that is away', new Error('no answer'), /no answer/],
  ])('are lost, once, to %s, and what was sent after counts no more', async (_name, reply, message) => {
    const { pipeline, sent, done, lost } = start();
    pipeline.submit(checkpoint(1));
    pipeline.submit(checkpoint(2));
    sent[0]!.answer(reply);
    sent[1]!.answer({ status: 'done' });
    await settled();
    expect(done).toEqual([]);
    expect(lost).toEqual([expect.stringMatching(message)]);
    await pipeline.room();
  });
});
