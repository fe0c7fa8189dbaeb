import { findJsonFault } from './json-fault.ts';
import { measureJson } from './json-measure.ts';
import { membersOf, splitJson } from './json-text.ts';
import type { GatewayLimits } from './limits.ts';

/** What is wrong with a frame: named so that its sender can mend it. */
export interface Problem {
  readonly error: string;
  readonly remedy?: string;
  /** The very same frame may be taken later. */
  readonly retriable?: true;
}

/** A frame that may be worked with: an object with an `event`, not too deep, without names that objects inherit. */
export interface Frame {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The same fields as the exact text of their values. */
  readonly members: ReadonlyMap<string, string>;
  /** The exact text of all of it; null of a frame that was changed since it came. */
  readonly text: string | null;
}

/** A frame as it came: most are never taken apart. */
class ReceivedFrame implements Frame {
  readonly event: string;
  readonly fields: Frame['fields'];
  readonly text: string;
  #members: ReadonlyMap<string, string> | undefined;

  constructor(event: string, fields: Frame['fields'], text: string) {
    this.event = event;
    this.fields = fields;
    this.text = text;
  }

  get members(): ReadonlyMap<string, string> {
    this.#members ??= membersOf(splitJson(this.text, Number.POSITIVE_INFINITY).parts);
    return this.#members;
  }
}

export type ParsedFrame =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | {
      readonly kind: 'problem';
      readonly problem: Problem;
      /** Set when the text is no JSON at all: the index of the character that cannot stand there. */
      readonly notJsonAt?: number;
    };

export type FrameLimits = Pick<GatewayLimits, 'frameBytes' | 'nestingLevels' | 'stringChars' | 'objectKeys'>;

export function problem(error: string, remedy?: string): { kind: 'problem'; problem: Problem } {
  return { kind: 'problem', problem: remedy === undefined ? { error } : { error, remedy } };
}

/** A text without any of these cannot hold a forbidden name, so it is not searched: escapes are of their characters. */
const SUSPECT = /__proto__|constructor|prototype|\\u00(?:5f|6[0-9a-f]|7[0-9a-f])/i;
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const PATH_CHARS = 200;

interface Place {
  readonly name: string;
  readonly value: unknown;
  readonly path: string;
}

function placesIn({ value, path }: Place): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).map(([name, inner]) => {
    const below = Array.isArray(value) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
    return { name, value: inner, path: below.slice(-PATH_CHARS) };
  });
}

/** Without paths and copies, which cost more than all the rest. */
function hasForbidden(root: object): boolean {
  const pending: object[] = [root];
  const put = (inner: unknown): void => {
    if (typeof inner === 'object' && inner !== null) pending.push(inner);
  };
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Array.isArray(value)) value.forEach(put);
    else
      for (const name of Object.keys(value)) {
        if (FORBIDDEN.has(name)) return true;
        put((value as Readonly<Record<string, unknown>>)[name]);
      }
  }
  return false;
}

/** The path of a name that could reach an object's prototype in careless code further down. */
function forbiddenPath(root: unknown): string | null {
  const pending: Place[] = [{ name: '', value: root, path: '' }];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    for (const inner of placesIn(place)) {
      if (FORBIDDEN.has(inner.name)) return inner.path;
      pending.push(inner);
    }
  }
  return null;
}

/** What in a value, given with its text, a frame may not have, besides its size and depth. */
export function contentProblem(text: string, value: unknown, limits: FrameLimits): Problem | null {
  const beyond = measureJson(text, limits);
  if (beyond !== null)
    return { error: `position ${beyond.position}: ${beyond.error}`, remedy: beyond.remedy };
  const mayHave = SUSPECT.test(text) && typeof value === 'object' && value !== null;
  const forbidden = mayHave && hasForbidden(value) ? forbiddenPath(value) : null;
  if (forbidden === null) return null;
  return {
    error: `${forbidden}: __proto__, constructor and prototype are not allowed as names`,
    remedy: 'rename it',
  };
}

/** Where a text nests deeper than so many levels; null when it does not. */
export function depthFault(text: string, levels: number): number | null {
  return mayBeDeep(text, levels) ? splitJson(text, levels).tooDeepAt : null;
}

function parse(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

/** Whether a text has more opening brackets than levels: only then it can be too deep. */
function mayBeDeep(text: string, levels: number): boolean {
  let brackets = 0;
  for (const bracket of ['{', '['])
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++brackets > levels) return true;
  return false;
}

/** Checks one frame, given as its text. Depth is measured first: nothing recursive ever sees a deep one. */
export function parseFrame(text: string, limits: FrameLimits): ParsedFrame {
  if (text.length * 3 > limits.frameBytes && Buffer.byteLength(text) > limits.frameBytes)
    return problem(`a frame may have at most ${limits.frameBytes} bytes`, 'send it in parts');
  const tooDeepAt = depthFault(text, limits.nestingLevels);
  if (tooDeepAt !== null)
    return problem(`position ${tooDeepAt}: nested deeper than ${limits.nestingLevels} levels`, 'flatten it');
  const parsed = parse(text);
  if (parsed === null) {
    const notJsonAt = findJsonFault(text) ?? 0;
    return { ...problem(`position ${notJsonAt}: not JSON`), notJsonAt };
  }
  const { value } = parsed;
  const content = contentProblem(text, value, limits);
  if (content !== null) return { kind: 'problem', problem: content };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return problem('a frame must be a JSON object');
  const fields = value as Readonly<Record<string, unknown>>;
  if (typeof fields.event !== 'string' || fields.event === '')
    return problem('event: must be there, a string that is not empty', 'name the kind of event in it');
  return { kind: 'frame', frame: new ReceivedFrame(fields.event, fields, text) };
}
