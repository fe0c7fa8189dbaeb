import { expect, test } from '@jest/globals';
import runner from 'kafkajs/src/consumer/runner.js';
import { observeFetches } from '../../services/shared/log/kafka-patch.ts';

test('each fetch asks for as long as its consumer says by then', async () => {
  const asked: number[] = [];
  const eachBatch = () => Promise.resolve();
  let patienceMs = 250;
  observeFetches(eachBatch, {
    nothing: () => undefined,
    interrupted: () => undefined,
    patienceMs: () => patienceMs,
  });
  const group = {
    maxWaitTime: 1,
    fetch: async () => {
      asked.push(group.maxWaitTime);
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
  await one.fetch(1);
  patienceMs = 1_000;
  await one.fetch(1);
  expect(asked).toEqual([250, 1_000]);
});
