/**
 * Where a text stops being JSON (RFC 8259). The engine's own messages name no position for most faults and quote the
 * text instead, which belongs in no log. Runs only on what JSON.parse has refused.
 */

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

type Expected = 'value' | 'valueOrClose' | 'name' | 'nameOrClose' | 'colon' | 'commaOrClose' | 'end';

function match(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** One past the string that starts at `at`, or the negative of one past the fault in it. */
function skipString(text: string, at: number): number {
  let next = at + 1;
  while (next < text.length) {
    const char = text[next]!;
    if (char === '"') return next + 1;
    if (char < ' ') break;
    const after = char === '\\' ? match(ESCAPE, text, next) : next + 1;
    if (after === next) break;
    next = after;
  }
  return -(next + 1);
}

function skipScalar(text: string, at: number): number {
  if (text[at] === '"') return skipString(text, at);
  const next = match(SCALAR, text, at);
  return next === at ? -(at + 1) : next;
}

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']' };

interface Reading {
  readonly text: string;
  at: number;
  expected: Expected;
  /** The brackets that are open. */
  readonly open: string[];
}

/** Reads one token: returns one past it and sets what is expected then, or the negative of one past the fault. */
type Rule = (reading: Reading, char: string) => number;

function afterValue({ open }: Reading): Expected {
  return open.length === 0 ? 'end' : 'commaOrClose';
}

const fault: Rule = ({ at }) => -(at + 1);

const value: Rule = (reading, char) => {
  const opening = char in CLOSING;
  if (opening) reading.open.push(char);
  reading.expected = opening ? (char === '{' ? 'nameOrClose' : 'valueOrClose') : afterValue(reading);
  return opening ? reading.at + 1 : skipScalar(reading.text, reading.at);
};

const name: Rule = (reading, char) => {
  reading.expected = 'colon';
  return char === '"' ? skipString(reading.text, reading.at) : fault(reading, char);
};

const colon: Rule = (reading, char) => {
  reading.expected = 'value';
  return char === ':' ? reading.at + 1 : fault(reading, char);
};

const comma: Rule = (reading, char) => {
  reading.expected = reading.open.at(-1) === '{' ? 'name' : 'value';
  return char === ',' ? reading.at + 1 : fault(reading, char);
};

function closeOr(rule: Rule): Rule {
  return (reading, char) => {
    if (char !== CLOSING[reading.open.at(-1)!]) return rule(reading, char);
    reading.open.pop();
    reading.expected = afterValue(reading);
    return reading.at + 1;
  };
}

const RULES: Readonly<Record<Expected, Rule>> = {
  value,
  valueOrClose: closeOr(value),
  name,
  nameOrClose: closeOr(name),
  colon,
  commaOrClose: closeOr(comma),
  end: fault,
};

/** The offset of the first character that cannot stand where it does; null when the text is JSON. */
export function findJsonFault(text: string): number | null {
  const reading: Reading = { text, at: match(SPACE, text, 0), expected: 'value', open: [] };
  while (reading.at < text.length) {
    const next = RULES[reading.expected](reading, text[reading.at]!);
    if (next < 0) return -next - 1;
    reading.at = match(SPACE, text, next);
  }
  return reading.expected === 'end' ? null : text.length;
}
