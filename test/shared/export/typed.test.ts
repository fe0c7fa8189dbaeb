import { expect, test } from '@jest/globals';
import { type ClientType, parseClientSchema } from '../../../services/shared/client-schema.ts';
import { loadSourceTypes } from '../../../services/shared/source-schemas.ts';
import { ask, eventRecord, exportTo, makeFolder, putObject } from '../../support/export-house.ts';
import { makeArchive } from '../../support/made-archive.ts';

const FILES = "'**/*.parquet'";

function typeOf(fields: readonly object[]): ClientType {
  const parsed = parseClientSchema(JSON.stringify({ type: 'record', name: 'T', fields }));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.type;
}

async function exported(type: ClientType, clients: readonly string[]): Promise<string> {
  const { archive } = makeArchive();
  await putObject(
    archive,
    clients.map((client, offset) => eventRecord(offset, { client })),
  );
  const out = makeFolder();
  await exportTo(archive, { out, type });
  return out;
}

async function typesIn(out: string): Promise<Readonly<Record<string, unknown>>> {
  const rows = await ask(out, `DESCRIBE SELECT * FROM ${FILES}`);
  return Object.fromEntries(rows.map((row) => [row.column_name, row.column_type]));
}

test('a typed source has a column for each field of its schema, defaults filled in, beside what was sent', async () => {
  const type = loadSourceTypes().get('org.lectern.example.quiz')!;
  const clients = [
    '{"event":"open","quiz_id":"q"}',
    '{"event":"answer","quiz_id":"q","question":1,"answer":["a","b"],"score":0.1,"attempt":2,"more":1}',
    '{"event":"answer","quiz_id":"q","question":2,"answer":"half \\ud800","score":1}',
    '{"event":"answer","quiz_id":"q","question":3,"answer":1.5,"score":null}',
  ];
  const out = await exported(type, clients);
  expect(await typesIn(out)).toMatchObject({
    event: 'VARCHAR',
    quiz_id: 'VARCHAR',
    question: 'INTEGER',
    answer: 'JSON',
    score: 'DOUBLE',
    attempt: 'INTEGER',
  });
  const rows = await ask(
    out,
    `SELECT event, quiz_id, question, answer, score, attempt FROM ${FILES} ORDER BY "offset"`,
  );
  expect(rows).toEqual([
    { event: 'open', quiz_id: 'q', question: null, answer: null, score: null, attempt: 1 },
    { event: 'answer', quiz_id: 'q', question: 1, answer: '["a","b"]', score: 0.1, attempt: 2 },
    { event: 'answer', quiz_id: 'q', question: 2, answer: '"half \ufffd"', score: 1, attempt: 1 },
    { event: 'answer', quiz_id: 'q', question: 3, answer: '1.5', score: null, attempt: 1 },
  ]);
  const sent = await ask(out, `SELECT client FROM ${FILES} WHERE "offset" <> 2 ORDER BY "offset"`);
  expect(sent.map(({ client }) => client)).toEqual(clients.filter((_, offset) => offset !== 2));
});

test('what does not fit the schema is null in its column, and still in what was sent', async () => {
  const type = typeOf([
    { name: 'n', type: 'long' },
    { name: 'd', type: 'double' },
  ]);
  const clients = ['{"n":"text","d":1e400}', '[]', 'null', '{}', '{"n":9007199254740990,"d":2}'];
  const out = await exported(type, clients);
  const rows = await ask(out, `SELECT n, d, client FROM ${FILES} ORDER BY "offset"`);
  expect(rows.map(({ n, d }) => [n, d])).toEqual([
    [null, null],
    [null, null],
    [null, null],
    [null, null],
    ['9007199254740990', 2],
  ]);
  expect(rows.map(({ client }) => client)).toEqual(clients);
});

test('arrays, maps and records keep their types within', async () => {
  const inner = {
    type: 'record',
    name: 'Inner',
    fields: [
      { name: 'a', type: 'int' },
      { name: 'b', type: ['null', { type: 'array', items: 'string' }], default: null },
    ],
  };
  const type = typeOf([
    { name: 'list', type: { type: 'array', items: ['null', 'long'] } },
    { name: 'map', type: { type: 'map', values: 'double' } },
    { name: 'inner', type: inner },
    { name: 'inners', type: { type: 'array', items: 'Inner' } },
    { name: 'flag', type: 'boolean' },
  ]);
  const client = {
    list: [1, null, 9007199254740990],
    map: { 'a "b"': 0.1, 'é\ud83d\ude00': -0.5 },
    inner: { a: 1, other: true },
    inners: [{ a: 2, b: ['x', 'y\u0000z'] }],
    flag: true,
  };
  const out = await exported(type, [JSON.stringify(client)]);
  expect(await typesIn(out)).toMatchObject({
    list: 'BIGINT[]',
    map: 'MAP(VARCHAR, DOUBLE)',
    inner: 'STRUCT(a INTEGER, b VARCHAR[])',
    inners: 'STRUCT(a INTEGER, b VARCHAR[])[]',
    flag: 'BOOLEAN',
  });
  expect(await ask(out, `SELECT list, map, "inner", inners, flag FROM ${FILES}`)).toEqual([
    {
      list: ['1', null, '9007199254740990'],
      map: [
        { key: 'a "b"', value: 0.1 },
        { key: 'é😀', value: -0.5 },
      ],
      inner: { a: 1, b: null },
      inners: [{ a: 2, b: ['x', 'y\u0000z'] }],
      flag: true,
    },
  ]);
});

test('fields named as other columns get names of their own, and records within themselves are JSON', async () => {
  const type = typeOf([
    { name: 'type', type: 'string' },
    { name: 'Date', type: 'int' },
    { name: 'score', type: 'int' },
    { name: 'Score', type: 'int' },
    { name: 'client_Score', type: 'int' },
    {
      name: 'tree',
      type: {
        type: 'record',
        name: 'Tree',
        fields: [{ name: 'below', type: { type: 'array', items: 'Tree' } }],
      },
    },
  ]);
  const client = {
    type: 't',
    Date: 1,
    score: 2,
    Score: 3,
    client_Score: 4,
    tree: { below: [{ below: [] }] },
  };
  const out = await exported(type, [JSON.stringify(client)]);
  const [row] = await ask(out, `SELECT * FROM ${FILES}`);
  expect(row).toMatchObject({
    type: 'x',
    client_type: 't',
    client_Date: 1,
    score: 2,
    client_Score: 3,
    client_client_Score: 4,
    date: '2026-09-01',
  });
  expect((await typesIn(out)).tree).toMatch(/JSON/);
  expect(JSON.stringify(row!.tree)).toContain('below');
});

test('a day is written anew when the schema of its source has changed', async () => {
  const { archive } = makeArchive();
  await putObject(archive, [eventRecord(0)]);
  const out = makeFolder();
  const outcomes = async (...fields: string[]): Promise<string> => {
    const type = typeOf(fields.map((name) => ({ name, type: 'int', default: 0 })));
    const [day] = await exportTo(archive, { out, type });
    return day!.outcome;
  };
  expect(await outcomes('n')).toBe('written');
  expect(await outcomes('n')).toBe('unchanged');
  expect(await outcomes('n', 'm')).toBe('written');
});
