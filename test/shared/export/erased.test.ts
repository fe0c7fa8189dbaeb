import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createRecordEraser } from '../../../services/shared/erasing/erased-record.ts';
import { createErasures } from '../../../services/shared/erasing/erasures.ts';
import { newErasure } from '../../../services/shared/erasing/new-erasure.ts';
import { putDecided } from '../../support/erased-archive.ts';
import { DAY_ONE, eventRecord, exportTo, makeFolder, putObject } from '../../support/export-house.ts';
import { makeArchive } from '../../support/made-archive.ts';

const records = Array.from({ length: 9 }, (_, offset) => eventRecord(offset));
const erasure = newErasure(
  { salt: null },
  { learner: 'tc-s1', before: (DAY_ONE + 86_400_000) * 1_000, now: DAY_ONE },
);

function tombstones(): typeof records {
  const erasures = createErasures();
  erasures.take(erasure);
  return records.map(createRecordEraser(erasures).erase);
}

test.each([
  ['that the object still has', () => records],
  ['of whom the object has tombstones', tombstones],
])('an export has nothing of an erased learner %s, and all of the others', async (_name, archived) => {
  const made = makeArchive();
  await putObject(made.archive, archived());
  await putDecided(made, [erasure]);
  const out = makeFolder();
  expect(await exportTo(made.archive, { out, format: 'jsonl' })).toMatchObject([{ records: 6 }]);
  const text = readFileSync(join(out, 'source=essay/date=2026-09-01/events.jsonl'), 'utf8');
  expect(text).not.toMatch(/tc-s1|erased:/);
  expect(text.match(/tc-s[02]/g)!.length).toBeGreaterThanOrEqual(6);
});
