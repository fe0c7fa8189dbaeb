import { describe, expect, test } from '@jest/globals';
import { blobNameOf, readyBlob } from '../../services/gateway/blob-frame.ts';
import { type ParsedFrame, parseFrame } from '../../services/gateway/frame.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';

const ready = (text: string, maxBytes = 1_000): ParsedFrame =>
  readyBlob(parseFrame(text, DEFAULT_LIMITS), maxBytes);

function frameOf(text: string) {
  const parsed = ready(text);
  if (parsed.kind === 'problem') throw new Error(parsed.problem.error);
  return parsed.frame;
}

function errorOf(text: string, maxBytes?: number): string {
  const parsed = ready(text, maxBytes);
  return parsed.kind === 'problem' ? parsed.problem.error : 'none';
}

describe('a blob frame', () => {
  test('holds the exact text of its blob, and nothing that its sender put where that goes', () => {
    const { fields, members } = frameOf(
      '{"event":"save_blob","blob": {"n": 1.0, "n":9007199254740993} ,"blob_text":"other","blob_source":"x"}',
    );
    expect(fields.blob_text).toBe('{"n": 1.0, "n":9007199254740993}');
    expect(fields).not.toHaveProperty('blob');
    expect(Object.fromEntries([...members].map(([name, text]) => [name, JSON.parse(text)]))).toEqual(fields);
    expect(fields.blob_source).toBe('default');
  });

  test.each([
    ['both', '"source":"a","activity":"b"', { source: 'a', activity: 'b' }],
    ['neither', '"x":1', { source: 'default', activity: 'default' }],
    ['empty ones', '"source":"","activity":null', { source: 'default', activity: 'default' }],
    ['a number', '"source":"a","activity":7', { source: 'a', activity: '7' }],
  ])('is about one source and activity: %s', (_what, members, name) => {
    for (const event of ['"event":"fetch_blob"', '"event":"save_blob","blob":null'])
      expect(blobNameOf(frameOf(`{${event},${members}}`))).toEqual(name);
  });

  test.each([
    ['no blob', '{"event":"save_blob"}', 'blob: must be there'],
    ['an activity that is no name', '{"event":"fetch_blob","activity":{}}', 'activity: must be a string'],
    [
      'a long activity',
      `{"event":"fetch_blob","activity":"${'a'.repeat(201)}"}`,
      'activity: must be a string of at most 200',
    ],
    [
      'a long source',
      `{"event":"save_blob","blob":1,"source":"${'a'.repeat(201)}"}`,
      'source: of a blob may have at most 200',
    ],
  ])('is refused: %s', (_what, text, error) => {
    expect(errorOf(text)).toContain(error);
  });

  test('may be as large as its state may be, to the byte', () => {
    const blob = (chars: number) => `{"event":"save_blob","blob":"${'é'.repeat(chars)}"}`;
    // As JSON: two quotes around, and each of the blob's own two with a backslash.
    expect(errorOf(blob(97), 200)).toBe('none');
    expect(errorOf(blob(98), 200)).toBe(
      'blob: may have at most 200 bytes, each quote and backslash in it counted twice',
    );
  });

  test('is the only one that is changed', () => {
    const parsed = parseFrame('{"event":"x","blob":1,"activity":{}}', DEFAULT_LIMITS);
    expect(readyBlob(parsed, 10)).toBe(parsed);
  });
});
