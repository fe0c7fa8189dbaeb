import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Column } from '../../../services/shared/export/columns.ts';
import { createDayTable } from '../../../services/shared/export/day-table.ts';
import { ask, makeFolder } from '../../support/export-house.ts';

const COLUMNS: readonly Column[] = [
  { name: 'at', loadedAs: 'BIGINT' },
  { name: 'text', loadedAs: 'VARCHAR' },
];
const TEXT_BYTES = 6_000;
const STEP_MS = 300;

const PARTITIONS = 4;

/** One partition after the other, each in the order of time, as rows come out of an archive; each with a text of its own. */
function rowOf(index: number, rows: number): readonly [bigint, string] {
  const inPartition = rows / PARTITIONS;
  const at = ((index % inPartition) * PARTITIONS + Math.floor(index / inPartition)) * STEP_MS;
  return [BigInt(at), `${at}-`.padEnd(TEXT_BYTES, String(at))];
}

test('a day that is larger than the memory is sorted and written whole', async () => {
  const rows = 24_000;
  const workDir = makeFolder();
  const out = makeFolder();
  const table = await createDayTable({ columns: COLUMNS, order: ['at'], workDir, memoryMb: 128 });
  for (let index = 0; index < rows; index++) table.append(rowOf(index, rows));
  // 144 MB were appended.
  expect(readdirSync(workDir)).not.toEqual([]);
  await table.writeParquet(join(out, 'day.parquet'));
  table.close();
  const [seen] = await ask(
    out,
    `SELECT count(*)::INTEGER AS "rows", count(DISTINCT "at")::INTEGER AS times, bool_and("at" = file_row_number * ${STEP_MS}) AS ordered,
      bool_and(text = rpad("at" || '-', ${TEXT_BYTES}, "at"::VARCHAR)) AS whole
    FROM read_parquet('day.parquet', file_row_number = true)`,
  );
  expect(seen).toEqual({ rows, times: rows, ordered: true, whole: true });
}, 180_000);

test('what the database says of a record is not passed on', async () => {
  const columns: readonly Column[] = [
    { name: 'at', loadedAs: 'BIGINT' },
    { name: 'text', loadedAs: 'VARCHAR', written: (cell) => `${cell}::INTEGER` },
  ];
  const table = await createDayTable({ columns, order: ['at'], workDir: makeFolder(), memoryMb: 256 });
  table.append([1n, 'of a learner']);
  const writing = table.writeParquet(join(makeFolder(), 'day.parquet'));
  await expect(writing).rejects.toMatchObject({
    message: 'the export of a day failed in the database (Conversion Error)',
  });
  table.close();
});
