import type { HeadersObject, PathItemObject, ResponseObject, SchemaObject } from 'openapi3-ts/oas31';
import { JSON_TYPE, NDJSON_TYPE } from '../http-body.ts';
import { GATE_CHALLENGE } from '../http-gate.ts';
import type { GatewayLimits } from '../limits.ts';
import {
  CLOSES,
  challenge,
  FAILED,
  header,
  json,
  OTHER_ORIGIN,
  otherMethods,
  RETRY_AFTER,
  refusal,
  stallText,
  tooMuchText,
} from './responses.ts';
import { FOR_EVENTS } from './security.ts';

const RESULTS = { $ref: '#/components/schemas/EventResults' };

const ERROR_AND_RESULTS: SchemaObject = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'string' }, results: RESULTS },
};

/** Guests are told also when only some of a request was taken. */
const NEW_GUEST: HeadersObject = {
  'Set-Cookie': header('The name of a new guest.', { type: 'string' }, false),
};

/** The body itself is at fault. */
function fault(description: string, headers?: HeadersObject): ResponseObject {
  const after = 'What came before the fault was taken, and has its results; nothing after it was.';
  return json(`${description}. ${after}`, ERROR_AND_RESULTS, { ...NEW_GUEST, ...headers });
}

const EXAMPLE = [
  { event: 'lock_fields', fields: { source: 'org.example.essay', user_id: 'bob' } },
  { event: 'keystroke', id: 'essay-7-41', character: 'a' },
];

/** `POST /v1/events`. */
export function eventsPath(limits: GatewayLimits): PathItemObject {
  const lines = EXAMPLE.map((frame) => `${JSON.stringify(frame)}\n`).join('');
  return {
    post: {
      operationId: 'sendEvents',
      tags: ['events'],
      summary: 'Takes events of any kind, many at once',
      description:
        'Elements are taken while the body comes in. The answer comes when all that it calls accepted is durable. One bad element never costs another. Give events ids, and sending all of it again is safe.',
      security: FOR_EVENTS,
      parameters: [
        {
          name: 'Content-Encoding',
          in: 'header',
          description: 'How the body is packed.',
          schema: { enum: ['gzip', 'x-gzip', 'identity'] },
        },
      ],
      requestBody: {
        required: true,
        description: `At most ${limits.bodyBytes} bytes as sent and ${limits.unpackedBytes} unpacked.`,
        content: {
          [JSON_TYPE]: {
            schema: {
              type: 'array',
              maxItems: limits.bodyEvents,
              items: { $ref: '#/components/schemas/Frame' },
            },
            example: EXAMPLE,
          },
          [NDJSON_TYPE]: {
            schema: { type: 'string', description: 'One frame a line.' },
            example: lines,
          },
        },
      },
      responses: {
        200: json(
          'Every element has its result.',
          { type: 'object', required: ['results'], properties: { results: RESULTS } },
          NEW_GUEST,
        ),
        400: fault('Not an array, not JSON from some position on, or not whole gzip'),
        401: refusal('A key or token is missing, unknown, revoked or over.', challenge(GATE_CHALLENGE)),
        403: json(
          `Refused: ${OTHER_ORIGIN}; or the sender is blocked and nothing else was in the request.`,
          { anyOf: [{ $ref: '#/components/schemas/Error' }, { $ref: '#/components/schemas/Blocked' }] },
          NEW_GUEST,
        ),
        408: fault(stallText(limits), CLOSES),
        413: fault(
          `Too large: over ${limits.bodyBytes} bytes sent, ${limits.unpackedBytes} unpacked, ${limits.unpackedRatio} times its size, ${limits.bodyEvents} elements, or ${limits.requestBytes} bytes with locked fields`,
        ),
        415: refusal('Another content type or encoding.', {
          'Accept-Encoding': header('Which one is taken, if it is the encoding.', { const: 'gzip' }, false),
        }),
        429: fault(tooMuchText(limits), RETRY_AFTER),
        500: FAILED,
        503: refusal(
          `The log is slow, the queue full (${limits.queueBytes} bytes or ${limits.queueEvents} events), ${limits.requestsInFlight} requests in flight, the gateway stops, or keys and tokens cannot be checked now. Nothing is claimed.`,
          RETRY_AFTER,
        ),
      },
    },
    ...otherMethods('POST'),
  };
}
