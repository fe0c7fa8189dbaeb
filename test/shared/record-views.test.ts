import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadArchiveSchema } from '../../services/shared/archive/archived-record.ts';
import { recordViews } from '../../services/shared/archive/record-views.ts';
import { parseSchema } from '../../services/shared/avro.ts';

const schema = loadArchiveSchema() as { readonly fields: readonly { readonly name: string }[] };
const type = parseSchema(schema);
const views = recordViews(schema)!;

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }));
const LARGEST = 2 ** 51;
const long = fc.integer({ min: -LARGEST, max: LARGEST });
const number = fc.option(long);
const records = fc.array(
  fc.record({
    topic: fc.string(),
    partition: fc.integer(),
    offset: fc.nat({ max: LARGEST }),
    timestamp: long,
    key: fc.option(bytes(40)),
    headers: fc.dictionary(fc.string({ unit: 'grapheme' }), bytes(20), { maxKeys: 4, noNullPrototype: true }),
    value: fc.option(bytes(9_000)),
    id: text,
    source: text,
    type: text,
    session: text,
    sequence: number,
    receivedAt: number,
    client: text,
    server: text,
    metadata: text,
  }),
  { minLength: 1, maxLength: 6 },
);

test('records are decoded one after another as Avro says, whatever they hold', () => {
  fc.assert(
    fc.property(records, (written) => {
      const data = Buffer.concat(written.map((record) => type.toBuffer(record)));
      let at = 0;
      for (const { offset, timestamp, key, value, headers } of written) {
        const found = views(data, at);
        expect(found.value).toEqual({ offset, timestamp, key, value, headers });
        at = found.offset;
      }
      expect(at).toBe(data.length);
    }),
  );
});

test('a record that is cut short is told, wherever that is', () => {
  fc.assert(
    fc.property(records, fc.nat(), ([record], cut) => {
      const data = type.toBuffer(record!);
      expect(views(data.subarray(0, cut % data.length), 0).offset).toBe(-1);
    }),
  );
});

test('bytes that are no records never take long, nor throw', () => {
  fc.assert(
    fc.property(bytes(300), (data) => {
      const { offset } = views(data, 0);
      expect(offset === -1 || (offset >= 0 && offset <= data.length)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test('a schema that is written otherwise is left to the library', () => {
  const change = (name: string, changed: object | null) => ({
    ...schema,
    fields: schema.fields.flatMap((field) =>
      field.name === name ? (changed === null ? [] : [{ name, ...changed }]) : [field],
    ),
  });
  expect(recordViews(change('key', { type: 'string' }))).toBeNull();
  expect(recordViews(change('offset', { type: 'double' }))).toBeNull();
  expect(recordViews(change('headers', { type: { type: 'array', items: 'bytes' } }))).toBeNull();
  expect(recordViews(change('client', { type: 'double' }))).toBeNull();
  expect(recordViews(change('value', null))).toBeNull();
  expect(recordViews(change('client', null))).not.toBeNull();
});
