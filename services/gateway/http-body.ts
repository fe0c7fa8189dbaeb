import { isUtf8 } from 'node:buffer';
import { type ParsedFrame, parseFrame } from './frame.ts';
import { findJsonFault } from './json-fault.ts';
import { splitJson } from './json-text.ts';
import type { GatewayLimits } from './limits.ts';

export const JSON_TYPE = 'application/json';
export const NDJSON_TYPE = 'application/x-ndjson';

export type ParsedBody =
  | { readonly kind: 'frames'; readonly frames: readonly ParsedFrame[] }
  | { readonly kind: 'refused'; readonly status: 400 | 413; readonly error: string };

export type BodyLimits = Pick<GatewayLimits, 'frameBytes' | 'nestingLevels' | 'bodyEvents'>;

/** Deep enough that only its own element is refused for being deep, shallow enough to parse. */
const BODY_LEVELS = 100_000;

function refused(status: 400 | 413, error: string): ParsedBody {
  return { kind: 'refused', status, error };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function elementsOf(text: string): readonly string[] | string {
  const { parts, tooDeepAt } = splitJson(text, BODY_LEVELS);
  if (tooDeepAt !== null) return `position ${tooDeepAt}: nested deeper than ${BODY_LEVELS} levels`;
  if (!isJson(text)) return `position ${findJsonFault(text) ?? 0}: not JSON`;
  return text.trimStart().startsWith('[') ? parts : 'the body must be a JSON array of frames';
}

/**
 * The elements of a body, each checked by itself. An array must be JSON as a whole; of NDJSON every line stands alone,
 * blank ones are not counted.
 */
export function parseBody(body: Buffer, type: string, limits: BodyLimits): ParsedBody {
  if (!isUtf8(body)) return refused(400, 'the body is not UTF-8');
  const text = body.toString();
  const elements =
    type === NDJSON_TYPE ? text.split('\n').filter((line) => line.trim() !== '') : elementsOf(text);
  if (typeof elements === 'string') return refused(400, elements);
  if (elements.length > limits.bodyEvents)
    return refused(413, `a request may have at most ${limits.bodyEvents} elements; send several`);
  return { kind: 'frames', frames: elements.map((element) => parseFrame(element, limits)) };
}
