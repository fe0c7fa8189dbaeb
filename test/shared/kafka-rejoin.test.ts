import { expect, test } from '@jest/globals';
import consumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import '../../services/shared/log/kafka-rejoin.ts';

/** A member of kafkajs whose joins come to what `join` does, and how often it really fetched. */
function createMember() {
  const seen = { join: async (): Promise<void> => undefined, fetched: 0 };
  const group = Object.assign(Object.create(consumerGroup.prototype), {
    retrier: () => seen.join(),
    cluster: {
      async refreshMetadataIfNecessary() {
        seen.fetched += 1;
        throw new Error('this is as far as it goes');
      },
    },
    recoverFromFetch: async () => undefined,
  }) as typeof consumerGroup.prototype;
  return { seen, group };
}

test('a member that could not join fetches nothing before it has joined, and is told to join', async () => {
  const { seen, group } = createMember();
  await group.joinAndSync();
  await group.fetch(1);
  expect(seen.fetched).toBe(1);
  const loading = Object.assign(new Error('loading'), { type: 'GROUP_LOAD_IN_PROGRESS' });
  seen.join = () => Promise.reject(loading);
  await expect(group.joinAndSync()).rejects.toBe(loading);
  await expect(group.fetch(1)).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS', retriable: true });
  expect(seen.fetched).toBe(1);
  seen.join = async () => undefined;
  await group.joinAndSync();
  await group.fetch(1);
  expect(seen.fetched).toBe(2);
});
