import type { HeaderObject, HeadersObject, ResponseObject, SchemaObject } from 'openapi3-ts/oas31';
import type { GatewayLimits } from '../limits.ts';

/** The answers that several paths have, as OpenAPI writes them down. */

const ERROR = { $ref: '#/components/schemas/Error' };

/** Always there; for one that is there sometimes say so. */
export function header(description: string, schema: SchemaObject, required = true): HeaderObject {
  return { description, required, schema };
}

export const RETRY_AFTER: HeadersObject = {
  'Retry-After': header('Seconds after which it may be sent again.', { type: 'integer', minimum: 1 }),
};

export function challenge(value: string): HeadersObject {
  return { 'WWW-Authenticate': header('How to say who sends.', { type: 'string', const: value }) };
}

export function json(
  description: string,
  schema: SchemaObject | { readonly $ref: string },
  headers?: HeadersObject,
): ResponseObject {
  const content = { 'application/json': { schema } };
  return headers === undefined ? { description, content } : { description, headers, content };
}

/** `{"error": ...}`: the place, what is wrong there, and the remedy. */
export function refusal(description: string, headers?: HeadersObject): ResponseObject {
  return json(description, ERROR, headers);
}

export const FAILED = refusal('A fault of the gateway; its log has the cause.');

/** Why a body that does not come in is not waited for any longer. */
export function stallText({ stallMs, bodyBytesPerS }: GatewayLimits): string {
  return `The body kept us waiting over ${stallMs / 1_000} s, besides 1 s for each ${bodyBytesPerS} bytes received`;
}

export const CLOSES: HeadersObject = {
  Connection: header('No more requests on it.', { type: 'string', const: 'close' }),
};

export function tooMuchText({ requestsPerAddress }: GatewayLimits): string {
  return `The rate of a sender or its address is used up, or ${requestsPerAddress} requests of the address are in flight`;
}

export const OTHER_ORIGIN = 'a page whose origin is not allowed (LECTERN_ORIGINS)';

/**
 * What every other method of a path gets. OpenAPI can say that of no operation, as there is none, so it stands beside
 * them as `x-other-methods`.
 */
export function otherMethods(allow: string, headers: HeadersObject = {}) {
  const Allow = header('The methods that the path has.', { type: 'string', const: allow });
  return { 'x-other-methods': { 405: refusal(`Any other method: use ${allow}.`, { ...headers, Allow }) } };
}
