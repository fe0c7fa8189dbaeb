import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { anchorOf } from '../../services/shared/archive/object-range.ts';
import { readContainer } from '../../services/shared/avro.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { eventRecord } from '../support/events.ts';

const of = { source: 'essay', topic: 'test.events.essay', partition: 3 };
const bytes = (text: string): Buffer => Buffer.from(text);

/** Records as of one day in May, of which the second is none of our events. */
const sent = eventRecord({
  namespace: 'test',
  source: 'essay',
  student: 'søren',
  fields: { text: '学 "é"\n' },
});
const records: LogRecord[] = [
  {
    offset: 1_234,
    timestamp: Date.parse('2026-05-01T23:59:59.999Z'),
    key: bytes(sent.key),
    value: sent.value,
    headers: { origin: Buffer.from([0, 255]) },
  },
  {
    offset: 1_235,
    timestamp: Date.parse('2026-05-02T00:00:01Z'),
    key: null,
    value: bytes('{}'),
    headers: {},
  },
  { offset: 1_236, timestamp: Date.parse('2026-05-02T00:00:02Z'), key: bytes('k'), value: null, headers: {} },
];

test('an object is named after its source, the UTC date of its first record, and where that stood', async () => {
  const { name } = await createObjectEncoder().encode(of, records);
  expect(name).toBe('events/source=essay/date=2026-05-01/test.events.essay+3+00000000000000001234.avro');
});

test('an object says which offsets it holds, the hash of its bytes, and how to know its last record', async () => {
  const object = await createObjectEncoder().encode(of, records);
  const sha256 = createHash('sha256').update(object.bytes).digest('hex');
  const anchor = anchorOf(records[2]!);
  expect(object.range).toEqual({ first: 1_234, last: 1_236, count: 3, sha256, anchor });
});

test('a record is known by its time and its value, and nothing else', () => {
  const [event, , empty] = records as [LogRecord, LogRecord, LogRecord];
  const others = [
    event,
    { ...event, timestamp: event.timestamp + 1 },
    { ...event, value: bytes('{}') },
    { ...event, value: bytes('null') },
    { ...event, value: bytes('') },
    { ...event, value: null },
    empty,
  ];
  expect(new Set(others.map(anchorOf)).size).toBe(others.length);
  expect(anchorOf({ ...event, offset: 7, headers: {} } as LogRecord)).toBe(anchorOf(event));
});

test('the same records give the same bytes, other ones others', async () => {
  const encode = async (partition: number, some: readonly LogRecord[]): Promise<string> =>
    (await createObjectEncoder().encode({ ...of, partition }, some)).range.sha256;
  const many = Array.from({ length: 3_000 }, (_, n) => ({ ...records[0]!, offset: n }));
  expect(await encode(3, many)).toBe(await encode(3, many));
  const hashes = [await encode(3, many), await encode(4, many), await encode(3, many.slice(1))];
  expect(new Set(hashes).size).toBe(3);
});

test('every record is there as the log held it, with the columns of its event where it is one', async () => {
  const { bytes: container } = await createObjectEncoder().encode(of, records);
  const [event, foreign, empty] = await readContainer<Record<string, unknown>>(container);
  expect(event).toMatchObject({
    ...records[0],
    topic: of.topic,
    partition: 3,
    source: 'essay',
    type: 'test',
  });
  expect(JSON.parse(event!.client as string)).toMatchObject({ text: '学 "é"\n' });
  expect(event!.receivedAt).toBeGreaterThan(1.6e15);
  const none = { id: null, source: null, type: null, session: null, sequence: null, receivedAt: null };
  const columns = { ...none, client: null, server: null, metadata: null };
  expect({ ...foreign }).toEqual({ ...records[1], topic: of.topic, partition: 3, ...columns });
  expect({ ...empty }).toEqual({ ...records[2], topic: of.topic, partition: 3, ...columns });
});

test('a container tells other tools which of its numbers are times', async () => {
  const { bytes: container } = await createObjectEncoder().encode(of, records);
  for (const type of ['timestamp-millis', 'timestamp-micros'])
    expect(container.includes(`{"type":"long","logicalType":"${type}"}`)).toBe(true);
});

test('a record that cannot be encoded is an error that does not quote it', async () => {
  const headers = { broken: 'secret' as unknown as Buffer };
  const encoded = createObjectEncoder().encode(of, [records[0]!, { ...records[1]!, headers }]);
  const fault = await encoded.catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: 'UNIT_STOPPED', message: expect.stringContaining('1234 to 1235') });
  expect(String(fault)).not.toContain('secret');
});

test('others are served while a large object is encoded', async () => {
  let served = false;
  let servedBeforeTheLast = false;
  const last: LogRecord = {
    ...records[0]!,
    offset: 4_999,
    get headers() {
      servedBeforeTheLast = served;
      return {};
    },
  };
  const many = Array.from({ length: 4_999 }, (_, n) => ({ ...records[0]!, offset: n }));
  setImmediate(() => {
    served = true;
  });
  await createObjectEncoder().encode(of, [...many, last]);
  expect(servedBeforeTheLast).toBe(true);
});

test('records wait for the block before theirs to be deflated, not all of them in memory at once', async () => {
  let taken = 0;
  const value = Buffer.alloc(20_000, 'x');
  const many = Array.from(
    { length: 400 },
    (_, n): LogRecord => ({
      ...records[1]!,
      offset: n,
      value,
      get headers() {
        taken += 1;
        return {};
      },
    }),
  );
  let most = 0;
  let before = 0;
  let encoding = true;
  const look = (): void => {
    most = Math.max(most, taken - before);
    before = taken;
    if (encoding) setImmediate(look);
  };
  setImmediate(look);
  await createObjectEncoder().encode(of, many);
  encoding = false;
  expect(taken).toBe(400);
  // Those of two blocks, and some.
  expect(most).toBeLessThan(80);
});
