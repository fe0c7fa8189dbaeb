import { expect, test } from '@jest/globals';
import { loadSourceTypes } from '../../../services/shared/source-schemas.ts';
import { DAY_ONE, eventRecord, exportTo, makeFolder, putObject, SOURCE } from '../../support/export-house.ts';
import { makeArchive } from '../../support/made-archive.ts';
import { describeInPython, runPython } from '../../support/python.ts';

/** pyarrow takes seconds to load, and longer the first time. */
const PYTHON_MS = 180_000;
const HOUR = 3_600_000;
const QUIZ =
  '{"event":"answer","quiz_id":"q","question":1,"answer":["a",1e400],"score":0.1,"big":12345678901234567890}';
const records = [
  eventRecord(0, {
    session: 'é',
    sequence: 9007199254740989,
    client: QUIZ,
    headers: { note: Buffer.from('x') },
  }),
  { ...eventRecord(1, { client: '{"text":"\\ud800 😀 \\u0000"}' }), key: null },
  { ...eventRecord(2), value: Buffer.from([0, 255]) },
  eventRecord(3, { timestamp: DAY_ONE + 25 * HOUR, client: `{"event":"${'ü'.repeat(1_000_000)}"}` }),
];

/** Python that prints rows as JSON, times in microseconds and bytes in hex. */
const PRINT = `
import json, datetime
def plain(value):
    if isinstance(value, datetime.datetime):
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return (value - epoch) // datetime.timedelta(microseconds=1)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)
def show(rows):
    print(json.dumps(rows, default=plain))
`;

async function rowsOf(program: string, cwd: string): Promise<readonly Record<string, unknown>[]> {
  return JSON.parse(await runPython(`${PRINT}${program}`, cwd)) as Record<string, unknown>[];
}

describeInPython('in Python', () => {
  test(
    'pyarrow reads an export with its types, every record once and every value as it was',
    async () => {
      const { archive } = makeArchive();
      await putObject(archive, records);
      const out = makeFolder();
      await exportTo(archive, { out, type: loadSourceTypes().get('org.lectern.example.quiz')! });
      const rows = await rowsOf(
        `
import pyarrow.dataset as ds
table = ds.dataset('.', format='parquet', partitioning='hive').to_table()
rows = sorted(table.to_pylist(), key=lambda row: row['offset'])
show([{**row, '_types': {f.name: str(f.type) for f in table.schema}} for row in rows])`,
        out,
      );
      expect(rows).toHaveLength(4);
      expect(rows[0]!._types).toMatchObject({
        partition: 'int32',
        offset: 'int64',
        timestamp: 'timestamp[us, tz=UTC]',
        receivedAt: 'timestamp[us, tz=UTC]',
        key: 'string',
        sequence: 'int64',
        value: 'binary',
        question: 'int32',
        score: 'double',
      });
      expect(rows[0]).toMatchObject({
        topic: `lectern.events.${SOURCE}`,
        partition: 0,
        offset: 0,
        timestamp: DAY_ONE * 1_000,
        receivedAt: DAY_ONE * 1_000 - 1_001,
        key: 'tc-s0',
        headers: '{"note":"x"}',
        session: 'é',
        client: QUIZ,
        value: null,
        event: 'answer',
        quiz_id: 'q',
        question: 1,
        score: 0.1,
        attempt: 1,
        source: SOURCE,
        date: '2026-09-01',
      });
      expect(rows[0]!.sequence).toBe(9007199254740989);
      expect(rows[1]).toMatchObject({
        key: null,
        client: '{"text":"\\ufffd 😀 \\u0000"}',
        value: records[1]!.value!.toString('hex'),
      });
      expect(rows[2]).toMatchObject({ id: null, client: null, value: '00ff' });
      expect(rows[3]).toMatchObject({ date: '2026-09-02', client: `{"event":"${'ü'.repeat(1_000_000)}"}` });
    },
    PYTHON_MS,
  );

  test(
    'fastavro reads the objects themselves, with the bytes of the log',
    async () => {
      const { archive, dir } = makeArchive();
      await putObject(archive, records.slice(0, 3));
      await putObject(archive, records.slice(3));
      const rows = await rowsOf(
        `
import glob, fastavro
rows = []
for name in sorted(glob.glob('events/source=*/date=*/*.avro')):
    with open(name, 'rb') as file:
        rows.extend(fastavro.reader(file))
show(rows)`,
        dir,
      );
      expect(rows).toHaveLength(4);
      for (const [index, { offset, timestamp, key, value, headers }] of records.entries())
        expect(rows[index]).toMatchObject({
          offset,
          timestamp: timestamp * 1_000,
          key: key?.toString('hex') ?? null,
          value: value!.toString('hex'),
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, bytes]) => [name, bytes.toString('hex')]),
          ),
        });
      expect(rows[0]).toMatchObject({ client: QUIZ, receivedAt: DAY_ONE * 1_000 - 1_001, source: SOURCE });
      expect(rows[2]).toMatchObject({ client: null, id: null });
    },
    PYTHON_MS,
  );
});
