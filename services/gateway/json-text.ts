/**
 * Takes JSON text apart without parsing it, so that what a client wrote reaches the archive letter for letter: parsing
 * and writing again would change numbers beyond 2^53, `1.0` and escapes.
 */

export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/** The index of the quote that ends the string starting at `start`, or the text's length. */
export function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    at += code === BACKSLASH ? 2 : 1;
  }
  return text.length;
}

/** By how many levels a character outside strings goes deeper. */
export function levelChange(code: number): number {
  if (code === 0x7b || code === 0x5b) return 1;
  return code === 0x7d || code === 0x5d ? -1 : 0;
}

export interface Parts {
  /** What stands between the commas of the outermost object or array, trimmed. */
  readonly parts: readonly string[];
  /** Where the text nests deeper than allowed; the parts are then incomplete. */
  readonly tooDeepAt: number | null;
}

/**
 * The parts of an object or array, in one pass and without recursion, so that it may run before anything that is
 * afraid of depth. Means something only when the text is JSON, which is for a parser to say.
 */
export function splitJson(text: string, maxLevels: number): Parts {
  const parts: string[] = [];
  let levels = 0;
  let start = 0;
  const cut = (end: number): void => {
    const part = text.slice(start, end).trim();
    if (part !== '') parts.push(part);
    start = end + 1;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    const change = levelChange(code);
    if (levels === 1 && (change < 0 || code === COMMA)) cut(at);
    levels += change;
    if (change > 0 && levels === 1) start = at + 1;
    if (levels > maxLevels) return { parts, tooDeepAt: at };
  }
  return { parts, tooDeepAt: null };
}

/** The members of an object, given as its parts: name -> the exact text of the value. Of repeated names the last counts. */
export function membersOf(parts: readonly string[]): Map<string, string> {
  const members = new Map<string, string>();
  for (const part of parts) {
    const nameEnd = endOfString(part, 0) + 1;
    const name = JSON.parse(part.slice(0, nameEnd)) as string;
    members.set(name, part.slice(part.indexOf(':', nameEnd) + 1).trim());
  }
  return members;
}

/** The inverse of `membersOf`. */
export function objectText(members: Iterable<readonly [name: string, text: string]>): string {
  let text = '';
  for (const [name, value] of members) text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${value}`;
  return `{${text}}`;
}
