import { expect, jest, test } from '@jest/globals';
import runner from 'kafkajs/src/consumer/runner.js';
import { observeFetches } from '../../services/shared/log/kafka-patch.ts';

/** A consumer of kafkajs whose fetches come to nothing, and how often it was told that none had waited for a while. */
function createConsumer() {
  const seen = { asked: [] as number[], patienceMs: 250, interrupted: 0 };
  const eachBatch = () => Promise.resolve();
  observeFetches(eachBatch, {
    nothing: () => undefined,
    interrupted() {
      seen.interrupted += 1;
    },
    patienceMs: () => seen.patienceMs,
  });
  const group = {
    maxWaitTime: 1,
    fetch: async () => {
      seen.asked.push(group.maxWaitTime);
      return [];
    },
  };
  const one = Object.assign(Object.create(runner.prototype), {
    eachBatch,
    running: true,
    consumerGroup: group,
    instrumentationEmitter: { emit: () => undefined },
    heartbeat: () => Promise.resolve(),
  }) as typeof runner.prototype;
  return { seen, fetch: () => one.fetch(1) };
}

test('each fetch asks for as long as its consumer says by then', async () => {
  const { seen, fetch } = createConsumer();
  await fetch();
  seen.patienceMs = 1_000;
  await fetch();
  expect(seen.asked).toEqual([250, 1_000]);
});

// A topic was once deleted, made anew and filled while a batch was in hand for 199 ms.
test.each([
  [9, 0],
  [11, 1],
])('%d ms without a fetch at the broker count as an interruption %d times', async (gapMs, times) => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(1_000);
  try {
    const { seen, fetch } = createConsumer();
    await fetch();
    now.mockReturnValue(1_000 + gapMs);
    await fetch();
    expect(seen.interrupted).toBe(times);
  } finally {
    now.mockRestore();
  }
});
