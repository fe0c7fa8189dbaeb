import { isUtf8 } from 'node:buffer';
import { contentProblem, depthFault, type Frame, type FrameLimits } from './frame.ts';
import { findJsonFault } from './json-fault.ts';
import { membersOf, splitJson } from './json-text.ts';
import type { GatewayLimits } from './limits.ts';

/** Bodies whose parts become events with the exact text that they had. */

export type ElementLimits = FrameLimits & Pick<GatewayLimits, 'bodyEvents'>;

export interface Refusal {
  readonly kind: 'refused';
  readonly status: 400 | 409 | 413 | 422;
  readonly error: string;
}

export function refusal(status: Refusal['status'], error: string): Refusal {
  return { kind: 'refused', status, error };
}

export interface JsonText {
  readonly kind: 'json';
  readonly text: string;
  readonly value: unknown;
}

/** A body as JSON, not too deep for anything that comes after. */
export async function readJson(
  body: Buffer,
  maxLevels: number,
  pace: () => Promise<void>,
): Promise<JsonText | Refusal> {
  if (!isUtf8(body)) return refusal(400, 'the body is not UTF-8');
  const text = body.toString();
  const { tooDeepAt } = splitJson(text, maxLevels);
  if (tooDeepAt !== null)
    return refusal(400, `position ${tooDeepAt}: nested deeper than ${maxLevels} levels; flatten it`);
  await pace();
  try {
    return { kind: 'json', text, value: JSON.parse(text) as unknown };
  } catch {
    return refusal(400, `position ${findJsonFault(text) ?? 0}: not JSON`);
  }
}

/** Checks one part, given with its text, as any frame of the gateway is checked; `place` is its name for its sender. */
export function elementFault(
  text: string,
  value: unknown,
  place: string,
  limits: ElementLimits,
): Refusal | null {
  if (Buffer.byteLength(text) > limits.frameBytes)
    return refusal(413, `${place}: may have at most ${limits.frameBytes} bytes; send less`);
  if (depthFault(text, limits.nestingLevels) !== null)
    return refusal(400, `${place}: nested deeper than ${limits.nestingLevels} levels; flatten it`);
  const problem = contentProblem(text, value, limits);
  if (problem === null) return null;
  const { error, remedy } = problem;
  const named = /^(?:position|\[)/.test(error) ? error : `.${error}`;
  return refusal(400, `${place}${named.startsWith('position') ? ': ' : ''}${named}; ${remedy}`);
}

/** The frame of an event of ours: some fields, and one whose text stays as it was. */
export function frameWith(
  fields: Readonly<Record<string, string>> & { readonly event: string },
  exact: { readonly name: string; readonly text: string; readonly value: unknown },
): Frame {
  const members = new Map(Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)]));
  members.set(exact.name, exact.text);
  return { event: fields.event, fields: { ...fields, [exact.name]: exact.value }, members, text: null };
}

/** The texts of the elements of a list. */
export function elementsOf(text: string): readonly string[] {
  return splitJson(text, Number.POSITIVE_INFINITY).parts;
}

/** The exact text of a member of an object. */
export function memberOf(text: string, name: string): string | undefined {
  return membersOf(elementsOf(text)).get(name);
}
