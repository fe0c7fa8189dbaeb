import { afterEach, describe, expect, test } from '@jest/globals';
import { createDecided } from '../../services/shared/control/decided.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { encodeControlRecord, parseControlRecord } from '../../services/shared/control/record.ts';
import { waitFor } from '../support/wait.ts';
import { apiKey, block, closeAll, openArchive, openControl, openLog, verdict } from './control-house.ts';

afterEach(closeAll);

const ids = ['000000000001', '000000000002', '000000000003'] as const;
const unblock = (value: string): ControlRecord => ({ kind: 'unblock', subject: 'source', value });

describe('API keys in the control topic', () => {
  test('are known to every process that follows, and a revoked one stays revoked', async () => {
    const log = await openLog();
    const { control: writer } = openControl(log);
    const { control: reader } = openControl(log);
    await writer.publish(apiKey());
    await writer.publish(apiKey({ revoked: 7 }));
    await writer.publish(apiKey({ hash: '0'.repeat(64), sources: ['another'] }));
    await reader.caughtUp();
    expect([...reader.apiKeys.values()]).toEqual([apiKey({ revoked: 7 })]);
  });

  test('are told to whoever watches, also by a start from a snapshot', async () => {
    const log = await openLog();
    const archive = openArchive();
    const { control: writer } = openControl(log, { archive, snapshotEvery: 3 });
    await writer.publish(apiKey());
    await writer.publish(block());
    await writer.publish(verdict(1));
    const prefix = 'control/';
    const objects = async (): Promise<number> => {
      let count = 0;
      for await (const page of archive.list({ prefix })) count += page.length;
      return count;
    };
    await waitFor(async () => (await objects()) === 1, { message: 'a snapshot is made', timeoutMs: 20_000 });
    const { control: reader } = openControl(log, { archive });
    const told: ControlRecord[] = [];
    reader.watch((record) => told.push(record));
    await reader.caughtUp();
    expect(told).toEqual([apiKey(), block()]);
    expect([reader.apiKeys.size, reader.blocks.size]).toEqual([1, 1]);
  });

  test('that are too many are refused with what to do; revoked and expired ones make room', () => {
    const decided = createDecided(undefined, { apiKeys: 2, blocks: 1 });
    decided.take(apiKey({ id: ids[0] }));
    decided.take(apiKey({ id: ids[1], expires: 500 }));
    expect(decided.refusal(apiKey({ id: ids[2], created: 499 }))).toMatch(
      /2 API keys.*lectern keys revoke <id>/,
    );
    expect(decided.refusal(apiKey({ id: ids[0], revoked: 1 }))).toBeNull();
    expect(decided.refusal(apiKey({ id: ids[2], created: 500 }))).toBeNull();
    decided.take(apiKey({ id: ids[2], created: 500 }));
    expect([...decided.apiKeys.keys()]).toEqual([ids[0], ids[2]]);
    decided.take(apiKey({ id: ids[0], revoked: 501 }));
    expect(decided.refusal(apiKey({ id: ids[1], created: 0 }))).toBeNull();
  });
});

describe('blocks in the control topic', () => {
  test('stand until they are removed; the last of one subject counts', () => {
    const decided = createDecided();
    decided.take(block());
    decided.take(block({ subject: 'domain' }));
    decided.take(block({ message: 'another' }));
    expect([...decided.blocks.values()]).toEqual([
      block({ message: 'another' }),
      block({ subject: 'domain' }),
    ]);
    decided.take(unblock('org.blocked'));
    decided.take(unblock('org.never'));
    expect([...decided.blocks.values()]).toEqual([block({ subject: 'domain' })]);
  });

  test('that are too many are refused with what to do; those that have ended make room', () => {
    const decided = createDecided(undefined, { apiKeys: 1, blocks: 2 });
    for (const [value, until] of [
      ['a', null],
      ['b', 2_000],
    ] as const)
      decided.take(block({ value, until }));
    expect(decided.refusal(block({ value: 'c', created: 1_999 }))).toMatch(/2 blocks.*blocklist remove/);
    expect(decided.refusal(block({ value: 'a' }))).toBeNull();
    expect(decided.refusal(unblock('a'))).toBeNull();
    decided.take(block({ value: 'c', created: 2_000 }));
    expect([...decided.blocks.values()].map(({ value }) => value)).toEqual(['a', 'c']);
  });
});

test.each<[string, ControlRecord]>([
  ['hash', apiKey({ hash: 'lct_the_key_itself' })],
  ['id', apiKey({ id: 'x' })],
  ['sources', apiKey({ sources: [] })],
  ['name', apiKey({ name: 'n'.repeat(101) })],
  ['timeLimit', block({ timeLimit: 0 })],
  ['value', block({ value: '' })],
])(
  'a record with a wrong %s is not written, and the message does not repeat what it holds',
  (field, record) => {
    expect(() => encodeControlRecord(record)).toThrow(field);
    expect(() => encodeControlRecord(record)).not.toThrow('the_key_itself');
    expect(parseControlRecord(Buffer.from(JSON.stringify(record)))).toMatchObject({ outcome: 'broken' });
  },
);
