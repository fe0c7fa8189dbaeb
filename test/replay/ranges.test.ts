import { expect, test } from '@jest/globals';
import type { Module } from '../../services/shared/module.ts';
import { type MadeArchive, makeArchive, putObjects } from '../support/made-archive.ts';
import { counting, TEST_SOURCE, testModule } from '../support/module.ts';
import { type ReplayRun, replay } from './replayed.ts';

// Archives with one object a day, from the first of September 2026 on, each record at noon.

const module: Module = testModule(counting);
const day = (n: number): number => Date.UTC(2026, 8, n);

async function archiveOf(...sizes: readonly number[]): Promise<MadeArchive & { readonly names: string[] }> {
  const made = makeArchive();
  const objects = await putObjects(made, { source: TEST_SOURCE, sizes });
  return { ...made, names: objects.map(({ name }) => name) };
}

const eventsIn = ({ lines }: ReplayRun): number =>
  lines.reduce((sum, line) => sum + (JSON.parse(line) as { internal: { count: number } }).internal.count, 0);

const SIZES = [30, 20, 10, 40, 50, 60, 70];

test('of a time range only the objects of its days are read, and of one day more on either side', async () => {
  const { dir } = await archiveOf(...SIZES);
  const run = await replay({ dir, module, filters: { since: day(4), until: day(5) } });
  expect(eventsIn(run)).toBe(40);
  expect(run.planned).toBe(20 + 10 + 40 + 50 + 60);
  expect(run.read).toBe(run.planned);
});

test('an object that is missing is named by its offsets, before anything is read', async () => {
  const { archive, dir, names } = await archiveOf(...SIZES);
  await archive.delete(names[3]!);
  const run = replay({ dir, module });
  await expect(run).rejects.toMatchObject({
    code: 'HISTORY_GAP',
    message: expect.stringContaining(
      `the archive does not hold offsets 60 to 99 of lectern.events.${TEST_SOURCE}/0`,
    ) as unknown,
  });
  await expect(replay({ dir, module, filters: { since: day(4), until: day(5) } })).rejects.toThrow(
    /60 to 99/,
  );
});

test('a time range that does not need what is missing is replayed', async () => {
  const { archive, dir, names } = await archiveOf(...SIZES);
  await archive.delete(names[0]!);
  await archive.delete(names[6]!);
  await archive.delete(names[5]!);
  const run = await replay({ dir, module, filters: { since: day(3), until: day(4) } });
  expect(eventsIn(run)).toBe(10);
});

test('an archive that does not begin at the beginning is refused, unless the range begins later', async () => {
  const { archive, dir, names } = await archiveOf(...SIZES);
  await archive.delete(names[0]!);
  await expect(replay({ dir, module })).rejects.toThrow(/offsets 0 to 29 of/);
  await expect(replay({ dir, module, filters: { since: day(1) } })).rejects.toThrow(/offsets 0 to 29 of/);
  expect(eventsIn(await replay({ dir, module, filters: { since: day(3) } }))).toBe(230);
});

test('two objects that hold the same offset are named', async () => {
  const { archive, dir, names } = await archiveOf(...SIZES);
  const { bytes, metadata } = (await archive.get(names[2]!))!;
  const other = names[2]!.replace('0050.avro', '0045.avro');
  await archive.putIfAbsent(other, bytes, metadata);
  await expect(replay({ dir, module })).rejects.toMatchObject({ code: 'ARCHIVE_BROKEN' });
});

test('what is not archived is said, and in which namespace it was looked for', async () => {
  const { dir } = await archiveOf(3);
  await expect(replay({ dir, module, namespace: 'other' })).rejects.toThrow(
    /nothing is archived of org.test in the namespace other/,
  );
  await expect(replay({ dir: makeArchive().dir, module })).rejects.toThrow(
    /nothing is archived of org.test:/,
  );
});

test('an archive of two namespaces is replayed only when one is named', async () => {
  const made = makeArchive();
  await putObjects(made, { source: TEST_SOURCE, sizes: [3] });
  const [object] = await putObjects(made, { source: TEST_SOURCE, partition: 1, sizes: [4] });
  const { bytes, metadata } = (await made.archive.get(object!.name))!;
  await made.archive.putIfAbsent(object!.name.replace('/lectern.', '/second.'), bytes, metadata);
  await expect(replay({ dir: made.dir, module })).rejects.toThrow(
    /LECTERN_NAMESPACE: the archive has events of org.test in lectern, second/,
  );
  expect(eventsIn(await replay({ dir: made.dir, module, namespace: 'lectern' }))).toBe(7);
});

test('partitions of which nothing is archived are no gap', async () => {
  const made = makeArchive();
  await putObjects(made, { source: TEST_SOURCE, partition: 5, sizes: [4, 5] });
  expect(eventsIn(await replay({ dir: made.dir, module }))).toBe(9);
});
