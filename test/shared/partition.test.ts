import { describe, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { partitionOf } from '../../services/shared/partition.ts';

const kafkaPartitioner = kafkajs.Partitioners.DefaultPartitioner();

describe('the partition of a key', () => {
  test.each(['', 'a', 'tc-testcase-alice', 'ls-ls-bob', 'ü☃😀 a longer key with spaces', 'x'.repeat(1_000)])(
    'is the one that Kafka clients choose for %j',
    (key) => {
      const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({ partitionId, leader: 1 }));
      const expected = kafkaPartitioner({
        topic: 't',
        partitionMetadata: partitionMetadata as never,
        message: { key: Buffer.from(key), value: null },
      });
      expect(partitionOf(key, 12)).toBe(expected);
    },
  );
});
