/** What is stored of a list besides its parts. */
export interface Head {
  /** Of the whole list. */
  length: number;
  /** How many parts hold the items before the tail. */
  parts: number;
  /** Of all items' JSON, in UTF-8. */
  bytes: number;
  /** The JSON of the last items. */
  readonly tail: string[];
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function byteLength(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** What of the stored counts contradicts the tail beside them; null when nothing does. */
function headFault({ length, parts, bytes, tail }: Head): string | null {
  const moved = length - tail.length;
  if (moved < parts) return `${length} items are too few for ${parts} parts and a tail of ${tail.length}`;
  if (moved > 0 && parts === 0) return `${length} items are said to be there, and ${tail.length} are`;
  const rest = bytes - byteLength(tail);
  return rest < 0 || (moved === 0 && rest !== 0) ? 'its size is not that of its items' : null;
}

export function writeHead({ length, parts, bytes, tail }: Head): string {
  return `{"length":${length},"parts":${parts},"bytes":${bytes},"tail":[${tail.join(',')}]}`;
}

/** The counts of a stored head, as they are written before its items. */
export function beginningOf(head: string): string {
  return head.slice(0, head.indexOf('"tail"'));
}

/** Throws when it is no head, or its counts do not agree with its items; the message quotes none of them. */
export function parseHead(text: string): Head {
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    throw new Error('the stored list is not JSON');
  }
  const { length, parts, bytes, tail } = (stored ?? {}) as Record<string, unknown>;
  if (!isCount(length) || !isCount(parts) || !isCount(bytes) || !Array.isArray(tail))
    throw new Error('the stored list lacks its length, parts, bytes or tail');
  const head = { length, parts, bytes, tail: tail.map((item) => JSON.stringify(item)) };
  const fault = headFault(head);
  if (fault !== null) throw new Error(`the stored list contradicts itself: ${fault}`);
  return head;
}

const COUNTS = /^\{"length":\d+,"parts":(\d+),/;

/** How many parts a stored head goes with, told by its beginning. Throws as `parseHead` does. */
export function partsOf(head: string): number {
  const counts = COUNTS.exec(head);
  return counts === null ? parseHead(head).parts : Number(counts[1]);
}

/** The whole list as JSON. Throws when a part is missing or is not of this head. */
export function joinParts(head: Head, parts: readonly (string | null)[]): string {
  const { tail } = head;
  const missing = parts.indexOf(null);
  if (parts.length !== head.parts || missing >= 0)
    throw new Error(`of the ${head.parts} parts of a stored list, one is missing: ${missing}`);
  const texts = parts as readonly string[];
  // Of n items a part has n - 1 commas and two brackets besides.
  const moved = head.length - tail.length;
  const expected = head.bytes - byteLength(tail) + moved + head.parts;
  if (byteLength(texts) !== expected)
    throw new Error(`the parts of a stored list have ${byteLength(texts)} bytes instead of ${expected}`);
  const inner = texts.map((text) => text.slice(1, -1));
  return `[${[...inner, ...tail].join(',')}]`;
}
