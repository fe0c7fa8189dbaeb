import { expect, test } from '@jest/globals';
import { createInHand } from '../../services/shared/log/kafka-in-hand.ts';
import { waitFor } from '../support/wait.ts';

const at = { topic: 't', partition: 1 };
const BEAT_MS = 5;
const STUCK_MS = 50;

/** Batches in hand, of which a test says how they get on. */
function createHouse(progress: () => number | undefined) {
  const seen = { beats: 0, stuck: [] as string[], over: false };
  const inHand = createInHand({
    heartbeatMs: BEAT_MS,
    stuckMs: STUCK_MS,
    isOver: () => seen.over,
    progress,
    stuck(error) {
      seen.stuck.push(error.message);
      seen.over = true;
    },
  });
  const beat = async (): Promise<void> => {
    seen.beats += 1;
  };
  return { inHand, seen, beat };
}

test('a batch that gets on may be in hand for as long as it takes, and heartbeats go on', async () => {
  let steps = 0;
  const { inHand, seen, beat } = createHouse(() => Math.floor(steps++ / 3));
  let done = (): void => undefined;
  const work = new Promise<void>((resolve) => {
    done = resolve;
  });
  const handled = inHand.during(work, at, beat);
  await waitFor(() => seen.beats > (5 * STUCK_MS) / BEAT_MS, { message: 'it is in hand for long' });
  expect(inHand.since()).not.toBeNull();
  done();
  await handled;
  expect(seen.stuck).toEqual([]);
  expect(inHand.since()).toBeNull();
});

test.each([
  ['that no longer gets on', () => 7],
  ['whose handlers tell nothing', () => undefined],
])('a batch %s is stuck, once, and says which', async (_, progress) => {
  const { inHand, seen, beat } = createHouse(progress);
  void inHand.during(new Promise<void>(() => undefined), at, beat);
  await waitFor(() => seen.stuck.length > 0, { message: 'it is stuck' });
  expect(seen.beats).toBeGreaterThanOrEqual(STUCK_MS / BEAT_MS);
  expect(seen.stuck).toEqual([expect.stringMatching(/^a batch of t\/1 has not got on/)]);
});

test('nobody waits for an abandoned batch, but it is not settled before it ends', async () => {
  const { inHand, beat } = createHouse(() => 0);
  let done = (): void => undefined;
  const work = new Promise<void>((resolve) => {
    done = resolve;
  });
  const handled = inHand.during(work, at, beat);
  inHand.abandon();
  await handled;
  let settled = false;
  const settling = inHand.settled().then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  expect(settled).toBe(false);
  done();
  await settling;
});
