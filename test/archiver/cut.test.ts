import { afterEach, expect, test } from '@jest/globals';
import {
  at,
  closeArchiveHouses,
  expectChain,
  objectsOf,
  openArchiveHouse,
  RECORD_BYTES,
  records,
  startArchiver,
  topic,
} from '../support/archive-house.ts';
import { waitFor } from '../support/wait.ts';

/** When objects are cut, and what bounds the memory meanwhile. */

afterEach(closeArchiveHouses);

test('an object is cut as soon as its records have enough bytes', async () => {
  const house = openArchiveHouse();
  const { member } = await startArchiver(house);
  house.fake.append(at, records(35));
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 30, { message: 'three objects' });
  expect(await expectChain(house, 30)).toMatchObject([{ last: 9 }, { last: 19 }, { last: 29 }]);
});

test('a record larger than an object should be has one to itself', async () => {
  const house = openArchiveHouse();
  const { archiver, member } = await startArchiver(house);
  const large = Buffer.from('1'.padStart(20 * RECORD_BYTES, ' '));
  house.fake.append(at, [{ value: Buffer.from('0') }, { value: large }, { value: Buffer.from('2') }]);
  await waitFor(() => member.delivered === 3, { message: 'all is read' });
  await archiver.stop();
  const entries = (await house.archive.list({ prefix: '' })[Symbol.asyncIterator]().next()).value;
  expect(entries).toHaveLength(3);
});

test('records that wait are put once the oldest has waited long enough, and not before', async () => {
  const house = openArchiveHouse();
  let elapsed = 1_000_000;
  let looks = 0;
  const { member } = await startArchiver(house, {
    limits: { maxAgeMs: 80 },
    elapsed() {
      looks += 1;
      return elapsed;
    },
  });
  const looked = async (): Promise<void> => {
    const before = looks;
    await waitFor(() => looks >= before + 3, { message: 'the clock is looked at' });
  };
  house.fake.append(at, records(3));
  await waitFor(() => member.delivered === 3, { message: 'they are read' });
  elapsed += 79;
  house.fake.append(at, records(2, 3));
  await waitFor(() => member.delivered === 5, { message: 'they are read' });
  await looked();
  expect(await objectsOf(house)).toEqual([]);
  elapsed += 1;
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 5, { message: 'they are put' });
  house.fake.append(at, records(1, 5));
  await waitFor(() => member.delivered === 6, { message: 'it is read' });
  await looked();
  await expectChain(house, 5);
});

test('a time of day that is set back, or ahead, neither holds what waits nor cuts it early', async () => {
  const house = openArchiveHouse();
  let [elapsed, now] = [0, Date.now()];
  let looks = 0;
  const { member } = await startArchiver(house, {
    limits: { maxAgeMs: 80 },
    elapsed() {
      looks += 1;
      return elapsed;
    },
    now: () => now,
  });
  house.fake.append(at, records(3));
  await waitFor(() => member.delivered === 3, { message: 'they are read' });
  now += 86_400_000;
  const before = looks;
  await waitFor(() => looks >= before + 3, { message: 'the clock is looked at' });
  expect(await objectsOf(house)).toEqual([]);
  now -= 2 * 86_400_000;
  elapsed += 80;
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 3, { message: 'they are put' });
});

test('stopping puts what is buffered', async () => {
  const house = openArchiveHouse(3);
  const { archiver, member } = await startArchiver(house);
  for (const partition of [0, 2]) house.fake.append({ topic, partition }, records(4 + partition));
  await waitFor(() => member.delivered === 10, { message: 'all is read' });
  await archiver.stop();
  await expectChain(house, 4);
  await expectChain(house, 6, { topic, partition: 2 });
});

test('a partition without records has no object', async () => {
  const house = openArchiveHouse(2);
  const { archiver, member } = await startArchiver(house, { limits: { maxAgeMs: 40 } });
  house.fake.append({ topic, partition: 1 }, records(1));
  await waitFor(() => member.mirrored.get(`${topic}/1`) === 1, { message: 'the other is put' });
  await archiver.stop();
  expect(await objectsOf(house)).toEqual([]);
});

test('while puts hang, no more is read than the limits allow; then all goes on', async () => {
  const partitions = [0, 1, 2, 3];
  const house = openArchiveHouse(partitions.length);
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let puts = 0;
  const limits = { maxBytes: 100 * RECORD_BYTES, bufferBytes: 60 * RECORD_BYTES };
  const { archiver, member } = await startArchiver(house, {
    limits,
    archive: {
      async putIfAbsent(...put) {
        puts += 1;
        await held;
        return await house.archive.putIfAbsent(...put);
      },
    },
  });
  for (const partition of partitions) house.fake.append({ topic, partition }, records(500));
  await waitFor(() => puts > 0 && member.delivered >= 60, { message: 'the budget is used' });
  const batches = partitions.length * 7;
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(member.delivered).toBeLessThanOrEqual(60 + batches);
  release();
  await waitFor(() => member.delivered === 2_000, { message: 'all is read' });
  await archiver.stop();
  for (const partition of partitions) await expectChain(house, 500, { topic, partition });
});

test('what was put is counted', async () => {
  const house = openArchiveHouse();
  const { member } = await startArchiver(house);
  house.fake.append(at, records(20));
  await waitFor(() => member.mirrored.get(`${topic}/0`) === 20, { message: 'two objects' });
  const value = async (name: string): Promise<unknown> =>
    (await house.registry.getSingleMetric(name)!.get()).values;
  expect(await value('lectern_archive_objects_total')).toEqual([{ labels: { source: 'essay' }, value: 2 }]);
  expect(await value('lectern_archive_records_total')).toEqual([{ labels: { source: 'essay' }, value: 20 }]);
  const sizes = await house.archive.list({ prefix: '' })[Symbol.asyncIterator]().next();
  const total = (sizes.value as { sizeBytes: number }[]).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  expect(await value('lectern_archive_bytes_total')).toEqual([{ labels: { source: 'essay' }, value: total }]);
});
