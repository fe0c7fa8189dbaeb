import { expect, test } from '@jest/globals';
import type { LogRecord } from '../../../services/shared/log/port.ts';
import {
  ask,
  DAY_ONE,
  eventRecord,
  exportTo,
  makeFolder,
  putObject,
  SOURCE,
  told,
} from '../../support/export-house.ts';
import { makeArchive } from '../../support/made-archive.ts';

const FILES = "'**/*.parquet'";

test('every record is there once, with every column, by time whatever partition and object it came from', async () => {
  const { archive } = makeArchive();
  const at = (offset: number): number => DAY_ONE + ((offset * 7) % 10) * 3_600_000;
  const one = [0, 1, 2, 3, 4].map((offset) => eventRecord(offset, { timestamp: at(offset) }));
  const two = [5, 6, 7].map((offset) => eventRecord(offset, { timestamp: at(offset) }));
  await putObject(archive, one);
  await putObject(archive, two);
  await putObject(archive, [eventRecord(0, { timestamp: at(3), session: 'se', sequence: 7 })], {
    partition: 1,
  });
  const out = makeFolder();
  expect(told(await exportTo(archive, { out }))).toEqual(['2026-09-01 9 written']);

  const rows = await ask(out, `SELECT * FROM ${FILES}`);
  const times = [...one, ...two].sort((a, b) => a.timestamp - b.timestamp);
  expect(rows.filter((row) => row.partition === 0).map((row) => row.offset)).toEqual(
    times.map(({ offset }) => String(offset)),
  );
  expect(rows.map((row) => row.timestamp)).toEqual(rows.map((row) => row.timestamp).sort());
  expect(rows.find((row) => row.partition === 1)).toEqual({
    topic: `lectern.events.${SOURCE}`,
    partition: 1,
    offset: '0',
    timestamp: '2026-09-01 01:00:00+00',
    key: 'tc-s0',
    headers: null,
    id: 'e0',
    eventSource: SOURCE,
    type: 'x',
    session: 'se',
    sequence: '7',
    receivedAt: '2026-09-01 00:59:59.998999+00',
    client: '{"event":"x","n":0}',
    server: '{}',
    metadata: '{"auth":{"user_id":"s"}}',
    value: null,
    date: '2026-09-01',
    source: SOURCE,
  });
});

test('columns have the types that analysts expect, and the file is compressed', async () => {
  const { archive } = makeArchive();
  await putObject(archive, [eventRecord(0)]);
  const out = makeFolder();
  await exportTo(archive, { out });
  const types = await ask(out, `DESCRIBE SELECT * FROM ${FILES}`);
  expect(Object.fromEntries(types.map((row) => [row.column_name, row.column_type]))).toMatchObject({
    partition: 'INTEGER',
    offset: 'BIGINT',
    timestamp: 'TIMESTAMP WITH TIME ZONE',
    key: 'VARCHAR',
    headers: 'JSON',
    sequence: 'BIGINT',
    receivedAt: 'TIMESTAMP WITH TIME ZONE',
    client: 'JSON',
    metadata: 'JSON',
    value: 'BLOB',
    source: 'VARCHAR',
    date: 'DATE',
  });
  expect(await ask(out, `SELECT DISTINCT compression FROM parquet_metadata(${FILES})`)).toEqual([
    { compression: 'ZSTD' },
  ]);
});

const HALF = '{"event":"x","text":"a\\uD83D","more":"\\\\ud83d \\ud83d\\ude00"}';

test('odd values come back as they were, and no value makes a file unreadable', async () => {
  const { archive } = makeArchive();
  const long = 'ü'.repeat(3_000_000);
  const clients = [
    '{"n":12345678901234567890123456789,"d":1e400,"e":-0.0,"f":0.1}',
    '{"a":"\\u0000\\u001f\\"\\\\ é 😀 \\ud83d\\ude00","a":2}',
    `${'['.repeat(400)}${']'.repeat(400)}`,
    ' { "spaced" : [ ] } ',
    JSON.stringify({ long }),
    'null',
    'no JSON at all',
    '',
    HALF,
  ];
  const records: LogRecord[] = clients.map((client, offset) =>
    eventRecord(offset, { client, id: `id "${offset}" 'ü'`, key: offset === 0 ? '' : `k,\n${offset}` }),
  );
  const next = records.length;
  const foreign = { ...eventRecord(next), key: null, value: Buffer.from([0, 255, 1]) };
  const empty = { ...eventRecord(next + 1), headers: { note: Buffer.from('é"') }, value: Buffer.alloc(0) };
  await putObject(archive, [...records, foreign, empty]);
  const out = makeFolder();
  expect(told(await exportTo(archive, { out }))).toEqual([`2026-09-01 ${next + 2} written`]);

  const rows = await ask(out, `SELECT * FROM ${FILES} ORDER BY "offset"`);
  expect(rows.slice(0, 6).map((row) => row.client)).toEqual(clients.slice(0, 6));
  expect(rows.map((row) => row.key).slice(0, 2)).toEqual(['', 'k,\n1']);
  expect(rows[3]!.id).toBe(`id "3" 'ü'`);
  // No JSON: a JSON string of itself.
  expect(rows.slice(6, 8).map((row) => JSON.parse(String(row.client)) as unknown)).toEqual([
    'no JSON at all',
    '',
  ]);
  expect(rows[next]).toMatchObject({
    key: null,
    client: null,
    id: null,
    receivedAt: null,
    value: '\\x00\\xFF\\x01',
  });
  expect(rows[next + 1]).toMatchObject({ headers: '{"note":"é\\""}', value: '' });
});

test('half of a pair is replaced where readers would refuse it, and the bytes of that record go along', async () => {
  const { archive } = makeArchive();
  const half = eventRecord(0, { client: HALF });
  await putObject(archive, [half, eventRecord(1)]);
  const out = makeFolder();
  await exportTo(archive, { out });
  const [row, usual] = await ask(
    out,
    `SELECT client->>'text' AS text, client->>'more' AS more, hex(value) AS bytes FROM ${FILES} ORDER BY "offset"`,
  );
  expect(row).toEqual({
    text: 'a\ufffd',
    more: '\\ud83d 😀',
    bytes: half.value!.toString('hex').toUpperCase(),
  });
  expect(usual).toMatchObject({ bytes: null });
});

test('what an erasure left of a record is not exported', async () => {
  const { archive } = makeArchive();
  await putObject(archive, [eventRecord(0), { ...eventRecord(1), value: null }, eventRecord(2)]);
  const out = makeFolder();
  expect(told(await exportTo(archive, { out }))).toEqual(['2026-09-01 2 written']);
  expect(await ask(out, `SELECT "offset" FROM ${FILES}`)).toEqual([{ offset: '0' }, { offset: '2' }]);
});

test.each(['_unclaimed', '_rekey.a_b.v1', 'org.lectern.example.quiz', 'A..b-', '007'])(
  'a source may be named %s',
  async (source) => {
    const { archive } = makeArchive();
    await putObject(archive, [eventRecord(0, { source: 'own' })], { source });
    const out = makeFolder();
    expect(told(await exportTo(archive, { out, source }))).toEqual(['2026-09-01 1 written']);
    const [row] = await ask(
      out,
      `SELECT source, eventSource FROM read_parquet(${FILES}, hive_partitioning = true)`,
    );
    expect(row).toEqual({ source, eventSource: 'own' });
  },
);
