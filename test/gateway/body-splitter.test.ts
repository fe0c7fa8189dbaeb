import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createArraySplitter,
  createLineSplitter,
  type Piece,
  type Splitter,
} from '../../services/gateway/body-splitter.ts';
import { createBodyReader, JSON_TYPE, NDJSON_TYPE } from '../../services/gateway/http-body.ts';

const FRAME_BYTES = 60;

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 3 });
const element = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom('12345678901234567890', '1.0', '1e400', '"\\ud800"', '"[,]{"', '"\\\\\\""', '"é😀"', '{}'),
  fc.string({ unit: 'binary', maxLength: 80 }).map((text) => JSON.stringify({ event: 'x', text })),
);
const elements = fc.array(fc.tuple(space, element, space), { maxLength: 8 });
const arrayText = elements.map((list) => `[${list.map((parts) => parts.join('')).join(',')}]`);
const linesText = fc
  .array(
    element.filter((text) => !text.includes('\n')),
    { maxLength: 8 },
  )
  .map((list) => list.join('\r\n'));

/** Bodies of every kind, whole ones and ones that something was put into or taken out of. */
const body = fc
  .tuple(
    fc.oneof(arrayText, linesText, fc.string({ unit: 'binary' })),
    fc.nat(),
    fc.constantFrom('', '', '"', '[', ']', '}', ',', '\\', ' ', '\n', '1', '\xff'),
    fc.nat(2),
  )
  .map(([text, at, piece, removed]) => {
    const bytes = Buffer.from(text);
    const place = at % (bytes.length + 1);
    const end = place + (piece === '' ? 0 : removed);
    return Buffer.concat([bytes.subarray(0, place), Buffer.from(piece, 'latin1'), bytes.subarray(end)]);
  });

const cuts = fc.array(fc.nat(), { maxLength: 10 });

function chunksOf(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...at.map((place) => place % (bytes.length + 1)), 0, bytes.length].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.subarray(places[index]!, end));
}

const single = (bytes: Buffer): Buffer[] => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

function split(splitter: Splitter, chunks: readonly Buffer[]) {
  const pieces = [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
  return pieces.map((piece) =>
    piece.kind === 'element' ? { ...piece, bytes: piece.bytes.toString('hex') } : piece,
  );
}

const textsOf = (pieces: readonly Piece[]): string[] =>
  pieces.map((piece) => (piece.kind === 'element' ? piece.bytes.toString() : piece.kind));

describe('a body that comes in chunks', () => {
  test.each([
    ['an array', createArraySplitter],
    ['lines', createLineSplitter],
  ])('gives the same pieces however it is chunked: %s', (_name, create) => {
    fc.assert(
      fc.property(body, cuts, (bytes, at) => {
        const whole = split(create({ frameBytes: FRAME_BYTES }), [bytes]);
        expect(split(create({ frameBytes: FRAME_BYTES }), chunksOf(bytes, at))).toEqual(whole);
        expect(split(create({ frameBytes: FRAME_BYTES }), single(bytes))).toEqual(whole);
      }),
      { interruptAfterTimeLimit: 4_000, numRuns: 2_000 },
    );
  });

  test('an array gives the exact text of its elements, in order, and where each begins', () => {
    fc.assert(
      fc.property(elements, space, cuts, (list, around, at) => {
        const bytes = Buffer.from(`${around}[${list.map((parts) => parts.join('')).join(',')}]${around}`);
        const splitter = createArraySplitter({ frameBytes: 10_000 });
        const pieces = [...chunksOf(bytes, at).flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
        expect(textsOf(pieces)).toEqual(list.map(([, text]) => text));
        for (const piece of pieces)
          if (piece.kind === 'element')
            expect(bytes.subarray(piece.at, piece.at + piece.bytes.length).equals(piece.bytes)).toBe(true);
      }),
      { interruptAfterTimeLimit: 4_000 },
    );
  });

  test('lines give theirs, and blank ones none', () => {
    const text = ' {"a":1} \r\n\n   \n12345678901234567890\n"é"';
    const splitter = createLineSplitter({ frameBytes: 1_000 });
    const pieces = [...single(Buffer.from(text)).flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
    expect(textsOf(pieces)).toEqual(['{"a":1}', '12345678901234567890', '"é"']);
    expect(pieces.map(({ at }) => at)).toEqual([1, 16, 37]);
  });

  test.each([
    [createArraySplitter, '[1,', ',2]'],
    [createLineSplitter, '1\n', '\n2'],
  ])('an element that is too large is not held, and costs nobody else', (create, before, after) => {
    const splitter = create({ frameBytes: 1_000 });
    const part = Buffer.alloc(100_000, 'x');
    const pieces: Piece[] = [...splitter.push(Buffer.from(`${before}"`))];
    const atFirst = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 300; n++) pieces.push(...splitter.push(part));
    expect(process.memoryUsage().arrayBuffers - atFirst).toBeLessThan(10_000_000);
    pieces.push(...splitter.push(Buffer.from(`"${after}`)), ...splitter.end());
    expect(textsOf(pieces)).toEqual(['1', 'tooLarge', '2']);
  });

  test.each([
    ['', 0, 'not JSON'],
    ['7', 0, 'must be a JSON array'],
    ['[1', 2, 'does not end'],
    ['[1,]', 3, 'not JSON'],
    ['[,1]', 1, 'not JSON'],
    ['[1,,2]', 3, 'not JSON'],
    ['[1}', 2, 'not JSON'],
    ['[1] [2]', 4, 'nothing may follow'],
    [`[${'['.repeat(200_000)}`, 100_001, 'nested deeper'],
  ])('an array that is broken is read up to there: %.8s', (text, at, error) => {
    const splitter = createArraySplitter({ frameBytes: 1_000_000 });
    const last = [...splitter.push(Buffer.from(text)), ...splitter.end()].at(-1);
    expect(last).toEqual({ kind: 'broken', at, error: expect.stringContaining(error) });
    expect(splitter.push(Buffer.from('[1]'))).toEqual([]);
  });
});

describe('the elements of a body', () => {
  const limits = { frameBytes: FRAME_BYTES, nestingLevels: 5, stringChars: 50, objectKeys: 5, bodyEvents: 6 };
  test.each([JSON_TYPE, NDJSON_TYPE] as const)('are the same however it is chunked: %s', (type) => {
    const read = (chunks: readonly Buffer[]) => {
      const reader = createBodyReader(type, limits);
      return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
    };
    fc.assert(
      fc.property(body, cuts, (bytes, at) => {
        const whole = read([bytes]);
        expect(read(chunksOf(bytes, at))).toEqual(whole);
        expect(whole.slice(0, -1).every(({ kind }) => kind !== 'fault')).toBe(true);
      }),
      { interruptAfterTimeLimit: 4_000, numRuns: 2_000 },
    );
  });

  test.each([
    ['[{"event":"x"},{"event":"é","a":tru},{"event":"x"}]', 33, 'not JSON'],
    ['[{"event":"x"},{"event":"y"]]', 27, 'not JSON'],
    ['[{"event":"x"},"a" "b"]', 19, 'not JSON'],
  ])('of an array end with the first that is not JSON: %s', (text, position, error) => {
    const reader = createBodyReader(JSON_TYPE, { ...limits, frameBytes: 1_000 });
    const read = [...reader.push(Buffer.from(text)), ...reader.end()];
    expect(read.map(({ kind }) => kind)).toEqual(['frame', 'fault']);
    expect(read[1]).toEqual({ kind: 'fault', status: 400, error: `position ${position}: ${error}` });
  });

  test('one that is not UTF-8 costs itself only, if the body can be cut around it', () => {
    const bytes = Buffer.from('[{"event":"a"},{"event":"\xff"},{"event":"b"}]', 'latin1');
    const reader = createBodyReader(JSON_TYPE, limits);
    expect(reader.push(bytes).map(({ kind }) => kind)).toEqual(['frame', 'problem', 'frame']);
  });
});
