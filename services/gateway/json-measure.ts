import { endOfString, levelChange, QUOTE } from './json-text.ts';

/** Bounds of what stands in JSON text, besides its size and depth. */
export interface JsonBounds {
  /** Of a string or a name, as it is written: an escape counts as its characters. */
  readonly stringChars: number;
  /** The names of one object, repeated ones too. */
  readonly objectKeys: number;
}

export interface OutOfBounds {
  readonly position: number;
  readonly error: string;
  readonly remedy: string;
}

const COLON = 0x3a;
/** A name is two quotes, a colon, and a value of one character at least. */
const CHARS_OF_KEY = 4;

/** Where the text goes beyond the bounds; null when it does not. Means something only when the text is JSON. */
export function measureJson(text: string, { stringChars, objectKeys }: JsonBounds): OutOfBounds | null {
  // Nearly every frame is too short for either.
  if (text.length <= Math.min(stringChars, objectKeys * CHARS_OF_KEY)) return null;
  /** How many names the open objects have so far, the innermost last. */
  const keys: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const position = at;
    if (code === QUOTE) {
      at = endOfString(text, at);
      if (at - position - 1 > stringChars)
        return {
          position,
          error: `a string may have at most ${stringChars} characters`,
          remedy: 'send it in parts',
        };
      continue;
    }
    const change = levelChange(code);
    if (change > 0) keys.push(0);
    else if (change < 0) keys.pop();
    else if (code === COLON && ++keys[keys.length - 1]! > objectKeys)
      return { position, error: `an object may have at most ${objectKeys} names`, remedy: 'make it a list' };
  }
  return null;
}
