import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** Parses one fetched batch several times, as consumers do, and prints whether what came was the same. */
const PROGRAM = `
import { createRequire } from 'node:module';
const { mostReaders, readsTopics } = await import('./dist/services/shared/log/kafka-parse-once.js');
const require = createRequire(import.meta.url);
require('kafkajs');
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js');
const Encoder = require('kafkajs/src/protocol/encoder.js');
const Decoder = require('kafkajs/src/protocol/decoder.js');
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js');
const batchOf = (value) => RecordBatch({ firstSequence: 0, firstTimestamp: 5, maxTimestamp: 5, lastOffsetDelta: 1, producerId: 0, producerEpoch: 0,
  records: [0, 1].map((n) => Record({ offsetDelta: n, timestampDelta: 0, key: 'k', value: value + n, headers: {} })) });
const fetched = async (...values) => {
  const buffer = Buffer.concat(await Promise.all(values.map(async (value) => (await batchOf(value)).buffer)));
  return decodeMessages(new Decoder(new Encoder().writeInt32(buffer.length).writeBuffer(buffer).buffer));
};
const same = (one, other) => one.map((record, index) => record === other[index]);
const texts = (records) => records.map(({ value }) => String(value));
const out = {};
const leave = readsTopics(['t']);
readsTopics(['other']);
out.alone = same(await fetched('a'), await fetched('a'));
const leaveToo = readsTopics(['t']);
out.readers = [['t'], ['other'], ['other', 't'], ['none'], []].map(mostReaders);
const first = await fetched('a', 'b');
out.shared = same(first, await fetched('a', 'b'));
out.partly = same(first, await fetched('a', 'c'));
out.read = texts(await fetched('b', 'c'));
leaveToo();
leaveToo();
out.afterwards = same(first, await fetched('a', 'b'));
console.log(JSON.stringify(out));
`;

test('what several consumers of a process fetch is parsed once, and for one nothing is kept', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
  });
  expect(JSON.parse(stdout)).toEqual({
    alone: [false, false],
    readers: [2, 1, 2, 1, 1],
    shared: [true, true, true, true],
    partly: [true, true, false, false],
    read: ['b0', 'b1', 'c0', 'c1'],
    afterwards: [false, false, false, false],
  });
});
