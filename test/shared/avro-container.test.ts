import { describe, expect, test } from '@jest/globals';
import { createContainerWriter, parseSchema, readContainer } from '../../services/shared/avro.ts';
import { decodeAs, readContainerPages } from '../../services/shared/avro-container.ts';
import { collect } from '../support/collect.ts';

const SCHEMA = {
  type: 'record',
  name: 'R',
  fields: [
    { name: 'n', type: 'long' },
    { name: 'text', type: 'string' },
    { name: 'bytes', type: ['null', 'bytes'] },
  ],
};
const whole = decodeAs(parseSchema(SCHEMA));
const numbers = decodeAs(parseSchema({ ...SCHEMA, fields: SCHEMA.fields.slice(0, 1) }));

function write(records: readonly object[], schema: unknown = SCHEMA): Promise<Buffer> {
  const writer = createContainerWriter({
    schema,
    syncMarker: Buffer.alloc(16, 7),
    metadata: { made: 'here' },
  });
  for (const record of records) writer.write(record);
  return writer.finish();
}

const records = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    n,
    text: `é ${n}`.repeat((n % 50) + 1),
    bytes: n % 3 === 0 ? null : Buffer.from([n % 256]),
  }));

describe('a container that is read in pages', () => {
  test.each([1, 511, 512, 513, 1_300])('gives its %d records back in order', async (count) => {
    const bytes = await write(records(count));
    expect(await collect(readContainerPages(bytes, whole))).toEqual(records(count));
    expect(await collect(readContainerPages(bytes, whole))).toEqual(await readContainer(bytes));
  });

  test('has pages that are bounded in records and in bytes', async () => {
    const sizes: number[] = [];
    for await (const page of readContainerPages(await write(records(5_000)), whole)) sizes.push(page.length);
    expect(sizes.slice(0, -1).every((size) => size === 512)).toBe(true);
    const large = Array.from({ length: 20 }, (_, n) => ({ n, text: 'x'.repeat(400_000), bytes: null }));
    for await (const page of readContainerPages(await write(large), whole))
      expect(page.length).toBeLessThanOrEqual(3);
  });

  test('gives only what is asked for', async () => {
    const found = await collect(readContainerPages(await write(records(1_000)), numbers));
    expect(found).toEqual(records(1_000).map(({ n }) => ({ n })));
  });

  test('is not read faster than it is taken', async () => {
    const bytes = await write(records(5_000));
    bytes.fill(0, bytes.length - 16);
    const pages = readContainerPages(bytes, whole);
    expect((await pages.next()).value).toHaveLength(512);
    await expect(collect(pages)).rejects.toThrow('does not end as it should');
  });

  test('lets others run in between', async () => {
    const bytes = await write(records(1_300));
    let served = false;
    let servedBeforeTheEnd = false;
    setImmediate(() => {
      served = true;
    });
    for await (const page of readContainerPages(bytes, decodeAs<{ n: number }>(parseSchema(SCHEMA))))
      servedBeforeTheEnd ||= served && page.at(-1)!.n < 1_299;
    expect(servedBeforeTheEnd).toBe(true);
  });
});

describe('a container that is broken', () => {
  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['no container', () => Buffer.from('{"n":1}'), /does not begin as an Avro container/],
    ['empty', () => Buffer.alloc(0), /does not begin/],
    ['cut in its header', (bytes) => bytes.subarray(0, 40), /header at byte 0 is cut short/],
    ['cut in a block', (bytes) => bytes.subarray(0, bytes.length - 20), /block at byte \d+ is cut short/],
    [
      'of another codec',
      (bytes) => Buffer.from(bytes.toString('latin1').replace('deflate', 'unknown'), 'latin1'),
      /codec unknown is not known/,
    ],
  ])('is refused: %s', async (_, change, message) => {
    const bytes = change(await write([{ n: 1, text: 'secret', bytes: null }]));
    await expect(collect(readContainerPages(bytes, whole))).rejects.toThrow(message);
  });

  test('is refused where another schema was used', async () => {
    const bytes = await write([{ a: 'secret' }], {
      type: 'record',
      name: 'R',
      fields: [{ name: 'a', type: 'string' }],
    });
    const error = await collect(readContainerPages(bytes, whole)).catch((cause: unknown) => String(cause));
    expect(error).toMatch(/^Error/);
    expect(error).not.toContain('secret');
  });
});
