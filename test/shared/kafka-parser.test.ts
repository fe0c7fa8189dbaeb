import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

/** Has kafkajs read fetched batches, with its own parser and, in a process of its own, with ours. */
const PROGRAM = `
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
if (process.argv[1] === 'ours') await import('./dist/services/shared/log/kafka-parser.js');
require('kafkajs');
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js');
const Encoder = require('kafkajs/src/protocol/encoder.js');
const Decoder = require('kafkajs/src/protocol/decoder.js');
const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js');
const batchOf = (value) => RecordBatch({ firstSequence: 0, firstTimestamp: 5, maxTimestamp: 5, lastOffsetDelta: 1, producerId: 0, producerEpoch: 0,
  records: [0, 1].map((n) => Record({ offsetDelta: n, timestampDelta: 0, key: 'k', value: value + n, headers: { h: value } })) });
const bytes = Buffer.concat(await Promise.all(['a', 'b', 'c'].map(async (value) => (await batchOf(value)).buffer)));
const read = async (buffer) => {
  const records = await decodeMessages(new Decoder(new Encoder().writeInt32(buffer.length).writeBuffer(buffer).buffer));
  return records.map(({ key, value, headers, offset, timestamp, isControlRecord }) =>
    [String(key), String(value), String(headers.h), String(offset), String(timestamp), isControlRecord]);
};
const out = { whole: await read(bytes), cutShort: await read(bytes.subarray(0, bytes.length - 3)) };
out.isOurs = require.cache[require.resolve('kafkajs/src/protocol/recordBatch/v0/decoder.js')].exports.name === 'parseOurselves';
console.log(JSON.stringify(out));
`;

async function outOf(which: 'ours' | 'theirs') {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM, which],
    { cwd: fileURLToPath(new URL('../../', import.meta.url)) },
  );
  return JSON.parse(stdout) as { whole: unknown[]; cutShort: unknown[]; isOurs: boolean };
}

test('kafkajs reads with our parser what it reads with its own, and what is cut short as well', async () => {
  const [ours, theirs] = [await outOf('ours'), await outOf('theirs')];
  expect([ours.isOurs, theirs.isOurs]).toEqual([true, false]);
  expect(ours.whole).toHaveLength(6);
  expect(ours.cutShort).toHaveLength(4);
  expect(ours.whole).toEqual(theirs.whole);
  expect(ours.cutShort).toEqual(theirs.cutShort);
});
