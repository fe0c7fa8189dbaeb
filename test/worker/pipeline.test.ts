import { describe, expect, test } from '@jest/globals';
import type { Checkpoint, CheckpointReply } from '../../services/shared/state/port.ts';
import { createPipeline, type Submitted } from '../../services/worker/pipeline.ts';
import { NO_CHANGES } from '../support/no-changes.ts';

const checkpoint = (next: number): Submitted => ({
  next,
  ...NO_CHANGES,
});

interface Sent extends Checkpoint {
  readonly answer: (reply: CheckpointReply | Error) => void;
}

function start({ stored = 0 as number | null, position = 0 } = {}) {
  const sent: Sent[] = [];
  const done: number[] = [];
  const lost: string[] = [];
  const pipeline = createPipeline({
    token: 't',
    stored,
    position,
    send: (given) =>
      new Promise((resolve, reject) => {
        sent.push({
          ...given,
          answer: (reply) => (reply instanceof Error ? reject(reply) : resolve(reply)),
        });
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

  test('follow one another, under the token of their claim', () => {
    const { pipeline, sent } = start({ stored: 4 });
    pipeline.submit(checkpoint(6));
    pipeline.submit(checkpoint(9));
    expect(sent).toMatchObject([
      { token: 't', expected: 4, next: 6 },
      { token: 't', expected: 6, next: 9 },
    ]);
  });

  test('are sent no more once one is lost', async () => {
    const { pipeline, sent } = start();
    pipeline.submit(checkpoint(1));
    sent[0]!.answer({ status: 'refused', because: 'token', stored: 5 });
    await settled();
    pipeline.submit(checkpoint(2));
    expect(sent).toHaveLength(1);
    expect(pipeline.inFlight).toBe(0);
  });

  test('are told of when they are stored, and else not', async () => {
    const { pipeline, sent, done } = start();
    const stored: number[] = [];
    pipeline.submit(checkpoint(1), () => stored.push(1));
    pipeline.submit(checkpoint(2), () => stored.push(2));
    sent[0]!.answer({ status: 'done' });
    sent[1]!.answer({ status: 'refused', because: 'offset', stored: 0 });
    await settled();
    expect([stored, done]).toEqual([[1], [1]]);
  });

  test('are nobody’s any more when their claim is over', async () => {
    const { pipeline, sent, done, lost } = start();
    const stored: number[] = [];
    pipeline.submit(checkpoint(1), () => stored.push(1));
    pipeline.close();
    pipeline.submit(checkpoint(2));
    sent[0]!.answer({ status: 'done' });
    await pipeline.drained();
    expect(sent).toHaveLength(1);
    expect([stored, done, lost]).toEqual([[], [], []]);
  });
});

describe('a claim', () => {
  test('is confirmed by a checkpoint that follows those on their way, and changes nothing', async () => {
    const { pipeline, sent } = start({ stored: 4 });
    pipeline.submit(checkpoint(6));
    let confirmed = false;
    const confirming = pipeline.confirm().then(() => {
      confirmed = true;
    });
    await settled();
    expect(sent[1]).toMatchObject({ expected: 6, next: 6, caughtUpAt: null, anchor: null });
    expect(sent[1]!.states.size).toBe(0);
    sent[0]!.answer({ status: 'done' });
    await settled();
    expect(confirmed).toBe(false);
    sent[1]!.answer({ status: 'done' });
    await confirming;
  });

  test('under which nothing was stored yet is confirmed at the place where it began', async () => {
    const { pipeline, sent } = start({ stored: null, position: 3 });
    const confirming = pipeline.confirm();
    await settled();
    expect(sent[0]).toMatchObject({ expected: null, next: 3 });
    sent[0]!.answer({ status: 'done' });
    await confirming;
    pipeline.submit(checkpoint(5));
    expect(sent[1]).toMatchObject({ expected: 3, next: 5 });
  });

  test.each<[string, CheckpointReply | Error]>([
    ['refuses', { status: 'refused', because: 'token', stored: null }],
    ['does not answer', new Error('no answer')],
  ])('is not confirmed by a store that %s, nor by a lost pipeline', async (_name, reply) => {
    const { pipeline, sent } = start();
    const confirming = pipeline.confirm();
    await settled();
    sent[0]!.answer(reply);
    await expect(confirming).rejects.toThrow('does not hold');
    await expect(pipeline.confirm()).rejects.toThrow('does not hold');
    expect(sent).toHaveLength(1);
  });
});
