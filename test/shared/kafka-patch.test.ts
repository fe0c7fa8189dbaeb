import { expect, test } from '@jest/globals';
import runner from 'kafkajs/src/consumer/runner.js';
import { observeFetches } from '../../services/shared/log/kafka-patch.ts';
import { bytesForOne, sessionSettings } from '../../services/shared/log/kafka-settings.ts';

test('each fetch asks for as long and for as much as its consumer says by then', async () => {
  const asked: object[] = [];
  const eachBatch = () => Promise.resolve();
  let now = { ms: 250, bytes: 1_000 };
  observeFetches(eachBatch, {
    nothing: () => undefined,
    interrupted: () => undefined,
    patienceMs: () => now.ms,
    bytesPerPartition: () => now.bytes,
  });
  const group = {
    maxWaitTime: 1,
    maxBytesPerPartition: 1,
    fetch: async () => {
      asked.push({ ms: group.maxWaitTime, bytes: group.maxBytesPerPartition });
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
  now = { ms: 1_000, bytes: 64 };
  await one.fetch(1);
  expect(asked).toEqual([
    { ms: 250, bytes: 1_000 },
    { ms: 1_000, bytes: 64 },
  ]);
});

test('consumers of one process that read a partition together have no more of it in memory than one, but for a least part', () => {
  const { maxBytesPerPartition } = sessionSettings(30_000);
  expect([1, 2, 4, 8].map((readers) => readers * bytesForOne(maxBytesPerPartition, readers))).toEqual(
    new Array(4).fill(maxBytesPerPartition),
  );
  expect([9, 1_000].map((readers) => bytesForOne(maxBytesPerPartition, readers))).toEqual([65_536, 65_536]);
  expect(bytesForOne(1_024, 3)).toBe(1_024);
});
