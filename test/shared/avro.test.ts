import { describe, expect, test } from '@jest/globals';
import {
  createContainerWriter,
  createSingleObjectCodec,
  fingerprint,
  MARKER,
  parseSchema,
  readContainer,
} from '../../services/shared/avro.ts';

const V1 = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'string' }] };
const V2 = { ...V1, fields: [...V1.fields, { name: 'b', type: ['null', 'long'], default: null }] };

describe('fingerprint', () => {
  // The values that Avro's own implementations give (schema-tests.txt of the Avro project).
  test.each([
    ['null', '63dd24e7cc258f8a'],
    ['boolean', '9f42fc78a4d4f764'],
    ['int', '7275d51a3f395c8f'],
    ['long', 'd054e14493f41db7'],
    ['string', '8f014872634503c7'],
    ['bytes', '4fc016dac3201965'],
  ])('of %s is the one that the specification gives', (schema, hex) => {
    expect(fingerprint(parseSchema(schema)).readBigUInt64LE().toString(16)).toBe(hex);
  });
});

describe('single-object encoding', () => {
  const [v1, v2] = [parseSchema(V1), parseSchema(V2)];

  test('begins with the marker and the fingerprint', () => {
    const bytes = createSingleObjectCodec([v1]).encode({ a: 'x' });
    expect(bytes.subarray(0, 2)).toEqual(MARKER);
    expect(bytes.subarray(2, 10)).toEqual(fingerprint(v1));
  });

  test('reads what an older schema wrote as the newest shape', () => {
    const old = createSingleObjectCodec([v1]).encode({ a: 'x' });
    expect(createSingleObjectCodec([v1, v2]).decode(old)).toEqual({ kind: 'ok', value: { a: 'x', b: null } });
  });

  test.each([
    [
      'a fingerprint that nobody knows',
      () => createSingleObjectCodec([v2]).encode({ a: 'x', b: 1 }),
      /fingerprint/,
    ],
    ['text', () => Buffer.from('{"a":"x"}'), /marker/],
    ['nothing', () => Buffer.alloc(0), /marker/],
    [
      'a body cut short',
      () => createSingleObjectCodec([v1]).encode({ a: 'long text' }).subarray(0, 14),
      /decode/,
    ],
  ])('refuses %s as a value, without throwing', (_name, bytes, reason) => {
    const decoded = createSingleObjectCodec([v1]).decode(bytes());
    expect(decoded).toEqual({ kind: 'deadLetter', reason: expect.stringMatching(reason) });
  });
});

describe('a container', () => {
  const write = (records: object[]): Promise<Buffer> => {
    const writer = createContainerWriter({ schema: V1, syncMarker: Buffer.alloc(16, 7) });
    for (const record of records) writer.write(record);
    return writer.finish();
  };
  const records = Array.from({ length: 5_000 }, (_, index) => ({ a: `value ${index}` }));

  test('gives its records back in order', async () => {
    expect((await readContainer(await write(records))).map((record) => ({ ...(record as object) }))).toEqual(
      records,
    );
  });

  test('has the same bytes for the same records', async () => {
    expect(await write(records)).toEqual(await write(records));
  });
});
