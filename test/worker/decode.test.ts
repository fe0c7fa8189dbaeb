import { describe, expect, test } from '@jest/globals';
import { createEventCodec } from '../../services/shared/event.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { createDecoder, type DecodedEvent } from '../../services/worker/decode.ts';
import { eventRecord } from '../support/events.ts';

const decode = createDecoder();

function sent(fields: Readonly<Record<string, unknown>> = {}): LogRecord {
  const { key, value } = eventRecord({ namespace: 'n', source: 's', student: 'tc-testcase-a', fields });
  return { offset: 7, timestamp: 9, key: Buffer.from(key), value, headers: {} };
}

function decoded(record: LogRecord, isForOne: boolean): DecodedEvent {
  const event = decode(record, isForOne);
  if (event.kind !== 'ok') throw new Error(event.reason);
  return event;
}

describe.each([
  ['several reducers', false],
  ['one reducer', true],
])('an event for %s', (_, isForOne) => {
  test('is in objects of its own for whoever gets it, however often it is asked for', () => {
    const event = decoded(sent({ nested: { list: [1, { deep: true }] } }), isForOne);
    const before = JSON.stringify(event.fresh());
    for (let round = 0; round < 3; round++) {
      const { client, server, metadata } = event.fresh();
      const nested = client.nested as { list: unknown[] };
      nested.list.push(round);
      (nested.list[1] as { deep: boolean }).deep = false;
      Object.assign(server, { changed: true });
      Object.assign(metadata, { changed: true });
      expect(JSON.stringify(event.fresh())).toBe(before);
    }
    expect(event.client().nested).toEqual({ list: [1, { deep: true }] });
  });

  test('is the same after its batch was let go', () => {
    const event = decoded(sent({ n: 1 }), isForOne);
    const before = JSON.stringify(event.fresh());
    event.release();
    expect(JSON.stringify(event.fresh())).toBe(before);
    expect(event.envelope.key).toBe('tc-testcase-a');
  });

  test('gives one reducer one set of objects', () => {
    const fresh = decoded(sent(), isForOne).fresh();
    Object.assign(fresh.client, { noted: 1 });
    expect(fresh.client.noted).toBe(1);
    expect(fresh.server).toBe(fresh.server);
    expect(fresh.metadata).toBe(fresh.metadata);
  });
});

describe('a record that is no event is a dead letter that says why', () => {
  test.each([
    ['no value', null, 'the record has no value'],
    ['other bytes', Buffer.from('hello'), 'not in Avro single-object encoding: the marker C3 01 is missing'],
  ])('%s', (_, value, reason) => {
    expect(decode({ ...sent(), value }, true)).toEqual({
      kind: 'deadLetter',
      offset: 7,
      timestamp: 9,
      reason,
    });
  });

  test('a client part that is not JSON', () => {
    const codec = createEventCodec();
    const read = codec.decode(sent().value!);
    if (read.kind !== 'ok') throw new Error(read.reason);
    const value = codec.encode({ ...read.value, client: '{"event":' });
    expect(decode({ ...sent(), value }, false)).toMatchObject({
      kind: 'deadLetter',
      reason: 'the client part of the event is not JSON',
    });
  });
});
