/**
 * Cuts a body into its elements while it comes in, on its bytes: what structures JSON is ASCII, so a chunk may end
 * anywhere, within a character too. The same body gives the same pieces however it is chunked, and no more of it is held
 * than one element.
 */

export type Piece =
  /** `at`: the offset of its first byte in the body. Without the white space around it. */
  | { readonly kind: 'element'; readonly bytes: Buffer; readonly at: number }
  /** An element of more than the allowed bytes, which were not held. */
  | { readonly kind: 'tooLarge'; readonly at: number }
  /** The body cannot be cut any further: the last piece of all. */
  | { readonly kind: 'broken'; readonly at: number; readonly error: string };

export interface Splitter {
  push(chunk: Buffer): readonly Piece[];
  /** What the body's end completes, or breaks. */
  end(): readonly Piece[];
}

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Far deeper than a frame may be: a body that only opens brackets is given up before it is through. */
const BODY_LEVELS = 100_000;

/** The white space of JSON, and no other. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function withoutSpace(whole: Buffer, at: number): Piece | null {
  let from = 0;
  let to = whole.length;
  while (from < to && isSpace(whole[from])) from++;
  while (to > from && isSpace(whole[to - 1])) to--;
  return from === to ? null : { kind: 'element', bytes: whole.subarray(from, to), at: at + from };
}

const FIRST_BYTES = 4_096;

/** The bytes of the element that is being read. Copied together, because a sender decides how small chunks are. */
function createElement(maxBytes: number) {
  let held = Buffer.alloc(0);
  let length = 0;
  let at = 0;

  function hold(bytes: Buffer): void {
    const needed = length + bytes.length;
    if (needed <= maxBytes) {
      if (needed > held.length) {
        const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(held.length * 2, maxBytes), FIRST_BYTES));
        held.copy(larger, 0, 0, length);
        held = larger;
      }
      bytes.copy(held, length);
    } else held = Buffer.alloc(0);
    length = needed;
  }

  return {
    start(offset: number): void {
      at = offset;
    },
    hold,
    /** Ends it with its last bytes; null when there is nothing but white space. */
    finish(last: Buffer): Piece | null {
      if (length > 0) hold(last);
      const tooLarge = length === 0 ? last.length > maxBytes : length > maxBytes;
      const whole = length === 0 ? last : held.subarray(0, length);
      held = Buffer.alloc(0);
      length = 0;
      return tooLarge ? { kind: 'tooLarge', at } : withoutSpace(whole, at);
    },
  };
}

export interface SplitterLimits {
  readonly frameBytes: number;
}

/** Every line is an element, blank ones are none. Nothing breaks it. */
export function createLineSplitter({ frameBytes }: SplitterLimits): Splitter {
  const line = createElement(frameBytes);
  let seen = 0;
  return {
    push(chunk) {
      const pieces: Piece[] = [];
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        const piece = line.finish(chunk.subarray(from, end));
        if (piece !== null) pieces.push(piece);
        from = end + 1;
        line.start(seen + from);
      }
      line.hold(chunk.subarray(from));
      seen += chunk.length;
      return pieces;
    },
    end() {
      const piece = line.finish(Buffer.alloc(0));
      return piece === null ? [] : [piece];
    },
  };
}

/**
 * The elements of one JSON array. Only brackets and strings are followed: whether an element is JSON is for its reader to
 * say, who should believe nothing that comes after one that is not.
 */
export function createArraySplitter({ frameBytes }: SplitterLimits): Splitter {
  const element = createElement(frameBytes);
  let place: 'before' | 'inside' | 'after' | 'broken' = 'before';
  /** Brackets that are open within the element. */
  let levels = 0;
  let inString = false;
  let escaped = false;
  let started = false;
  let elements = 0;
  let seen = 0;
  /** Where the element begins in the chunk at hand. */
  let from = 0;

  function broken(at: number, error: string): Piece {
    place = 'broken';
    return { kind: 'broken', at: seen + at, error };
  }

  /** The index of the string's last byte in the chunk, or the chunk's length. */
  function skipString(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (escaped) escaped = false;
      else if (byte === BACKSLASH) escaped = true;
      else if (byte === QUOTE) {
        inString = false;
        return at;
      }
    }
    return chunk.length;
  }

  function separator(chunk: Buffer, at: number, byte: number): Piece | null {
    const isEmpty = byte === CLOSE_ARRAY && elements === 0 && !started;
    if (!started && !isEmpty) return broken(at, 'not JSON');
    place = byte === CLOSE_ARRAY ? 'after' : 'inside';
    if (isEmpty) return null;
    started = false;
    elements++;
    return element.finish(chunk.subarray(from, at));
  }

  function withinElement(at: number, byte: number): Piece | null {
    if (levels === 0 && byte === CLOSE_OBJECT) return broken(at, 'not JSON');
    if (!started) {
      started = true;
      from = at;
      element.start(seen + at);
    }
    if (byte === QUOTE) inString = true;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) levels++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) levels--;
    return levels > BODY_LEVELS ? broken(at, `nested deeper than ${BODY_LEVELS} levels`) : null;
  }

  function take(chunk: Buffer, at: number, byte: number): Piece | null {
    if (place === 'inside') {
      const separates = levels === 0 && (byte === COMMA || byte === CLOSE_ARRAY);
      return separates ? separator(chunk, at, byte) : withinElement(at, byte);
    }
    if (place === 'after') return broken(at, 'not JSON: nothing may follow the array');
    if (byte !== OPEN_ARRAY) return broken(at, 'the body must be a JSON array of frames');
    place = 'inside';
    return null;
  }

  /** Where to go on reading. */
  function step(chunk: Buffer, at: number, pieces: Piece[]): number {
    if (inString) return skipString(chunk, at) + 1;
    const piece = isSpace(chunk[at]) ? null : take(chunk, at, chunk[at]!);
    if (piece !== null) pieces.push(piece);
    return at + 1;
  }

  return {
    push(chunk) {
      const pieces: Piece[] = [];
      from = 0;
      for (let at = 0; at < chunk.length && place !== 'broken'; ) at = step(chunk, at, pieces);
      if (started && place !== 'broken') element.hold(chunk.subarray(from));
      seen += chunk.length;
      return pieces;
    },
    end: () =>
      place === 'after' || place === 'broken' ? [] : [broken(0, 'not JSON: the array does not end')],
  };
}
