import { afterEach, expect, test } from '@jest/globals';
import { NOTHING_ERASED } from '../../services/archiver/erasing.ts';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { createPartitionArchiver } from '../../services/archiver/partition.ts';
import { MAX_OBJECT_BYTES } from '../../services/shared/archive/object-rules.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import { createLogger } from '../../services/shared/logger.ts';
import {
  at,
  closeArchiveHouses,
  expectChain,
  openArchiveHouse,
  RECORD_BYTES,
  records,
  topic,
} from '../support/archive-house.ts';
import { waitFor } from '../support/wait.ts';

afterEach(closeArchiveHouses);

test('records that do not fit into an object compressed are put as several', async () => {
  const house = openArchiveHouse();
  const encoder = createObjectEncoder();
  const consumer = house.fake.log.createConsumer({ groupId: 'g', topics: [topic] });
  const partition = createPartitionArchiver({
    of: { ...at, source: 'essay' },
    log: house.fake.log,
    archive: house.archive,
    consumer,
    erasing: NOTHING_ERASED,
    encoder: {
      async encode(of, some) {
        const object = await encoder.encode(of, some);
        return some.length > 4 ? { ...object, bytes: Buffer.alloc(MAX_OBJECT_BYTES + 1) } : object;
      },
    },
    opener: createObjectOpener(house.archive),
    maxBytes: 100 * RECORD_BYTES,
    logger: createLogger({ service: 'test', level: 'silent' }),
    elapsed: () => performance.now(),
    created: () => undefined,
    relieved: () => undefined,
  });
  await consumer.run({
    assigned: () => void partition.begin(),
    revoked: () => undefined,
    batch: async (batch) => partition.append(batch.records),
    caughtUp: () => undefined,
    outOfRange: () => undefined,
    failed: (error) => {
      throw error;
    },
  });
  house.fake.append(at, records(20));
  await waitFor(() => partition.sizeBytes === 20 * RECORD_BYTES, { message: 'all is buffered' });
  await partition.flush();
  const objects = await expectChain(house, 20);
  for (const { first, last } of objects) expect(last - first).toBeLessThan(4);
});
