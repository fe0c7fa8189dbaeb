import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createSingleObjectCodec, parseSchema } from '../../services/shared/avro.ts';
import {
  createEventCodec,
  type Envelope,
  loadEventSchemas,
  MAX_NUMBER,
} from '../../services/shared/event.ts';

const envelope: Envelope = {
  id: '019ab',
  source: 'org.mitros.writing_analytics',
  type: 'keystroke',
  key: 'tc-testcase-alice',
  session: 's1',
  sequence: 12,
  receivedAt: 1_763_000_000_123_456,
  client: '{"event":"keystroke"}',
  server: '{}',
  metadata: '{}',
};

describe('the envelope of an event', () => {
  test('comes back as it was written, whatever text it holds', () => {
    const codec = createEventCodec();
    const text = fc.string({ unit: 'binary' }).filter((s) => Buffer.from(s).toString() === s);
    const arbitrary = fc.record({
      id: text,
      source: text,
      type: text,
      key: text,
      session: fc.option(text),
      sequence: fc.option(fc.nat({ max: MAX_NUMBER })),
      receivedAt: fc.nat({ max: MAX_NUMBER }),
      client: text,
      server: text,
      metadata: text,
    });
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(codec.decode(codec.encode(value))).toEqual({ kind: 'ok', value });
      }),
    );
  });

  test('is read by every version from every version before it', () => {
    const schemas = loadEventSchemas().map(parseSchema);
    expect(schemas.length).toBeGreaterThan(0);
    for (let newer = 0; newer < schemas.length; newer++)
      for (let older = 0; older <= newer; older++) {
        const bytes = createSingleObjectCodec<Envelope>(schemas.slice(0, older + 1)).encode(envelope);
        const decoded = createSingleObjectCodec<Envelope>(schemas.slice(0, newer + 1)).decode(bytes);
        expect(decoded).toEqual({ kind: 'ok', value: expect.objectContaining(envelope) });
      }
  });

  test('still reads a record that version 1 wrote', () => {
    // Written by version 1 when it was committed. A change of 1.avsc changes its fingerprint and fails here.
    const bytes = Buffer.from(RECORD_OF_VERSION_1, 'hex');
    expect(createEventCodec().decode(bytes)).toEqual({
      kind: 'ok',
      value: expect.objectContaining(envelope),
    });
  });
});

const RECORD_OF_VERSION_1 =
  'c30142f394f4c570a8e00a3031396162386f72672e6d6974726f732e77726974696e675f616e616c7974696373126b65797374726f6b652274632d74657374636173652d616c69636502047331021880c9f8cb8ddca1062a7b226576656e74223a226b65797374726f6b65227d047b7d047b7d';
