import type { PathItemObject, SchemaObject } from 'openapi3-ts/oas31';
import { CALIPER_CHALLENGE } from '../caliper.ts';
import { NAME_CHARS, SUPPORTED_VERSIONS, VERSIONS } from '../caliper-envelope.ts';
import { JSON_TYPE } from '../http-body.ts';
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
import { FOR_CALIPER } from './security.ts';

const EXAMPLE = {
  sensor: 'https://school.example/sensors/1',
  sendTime: '2027-01-31T12:30:01.000Z',
  dataVersion: SUPPORTED_VERSIONS.at(-1),
  data: [
    {
      '@context': SUPPORTED_VERSIONS.at(-1),
      id: 'urn:uuid:3a648e68-f00d-4c08-aa59-8738e1884f2c',
      type: 'NavigationEvent',
      actor: { id: 'https://school.example/users/554433', type: 'Person' },
      action: 'NavigatedTo',
      object: { id: 'https://school.example/pages/2', type: 'WebPage' },
      eventTime: '2027-01-31T12:30:00.000Z',
    },
  ],
};

function envelope(limits: GatewayLimits): SchemaObject {
  return {
    type: 'object',
    required: ['sensor', 'sendTime', 'dataVersion', 'data'],
    properties: {
      sensor: { type: 'string', minLength: 1, maxLength: NAME_CHARS },
      sendTime: { type: 'string', format: 'date-time' },
      dataVersion: { type: 'string', pattern: VERSIONS.source },
      data: {
        type: 'array',
        description: 'Events, and descriptions of entities, as Caliper 1.1 and 1.2 define them.',
        minItems: 1,
        maxItems: limits.bodyEvents,
        items: {
          type: 'object',
          required: ['id', 'type'],
          properties: { id: { type: 'string' }, type: { type: 'string' } },
          additionalProperties: true,
        },
      },
    },
    additionalProperties: true,
  };
}

const UNAUTHORIZED = refusal('A token is missing or wrong.', challenge(CALIPER_CHALLENGE));
const FORBIDDEN = refusal(`Refused: ${OTHER_ORIGIN}, a key for another source, or somebody who is blocked.`);

/** `POST` and `GET /caliper`. */
export function caliperPath(limits: GatewayLimits): PathItemObject {
  return {
    post: {
      operationId: 'sendEnvelope',
      tags: ['caliper'],
      summary: 'Takes an envelope of Caliper 1.1 or 1.2',
      description: 'All of an envelope, or nothing.',
      security: FOR_CALIPER,
      requestBody: {
        required: true,
        description: `At most ${limits.bodyBytes} bytes.`,
        content: { [JSON_TYPE]: { schema: envelope(limits), example: EXAMPLE } },
      },
      responses: {
        200: { description: 'All of it is durable. There is no body.' },
        400: refusal(
          'The envelope, an event or an entity is malformed; the error names the place: `data[1].actor: ...`. Nothing is kept; but where the log refuses one for good, the others are.',
        ),
        401: UNAUTHORIZED,
        403: FORBIDDEN,
        408: refusal(`${stallText(limits)}.`, CLOSES),
        413: refusal(
          `Too large: over ${limits.bodyBytes} bytes, ${limits.bodyEvents} events and entities, ${limits.frameBytes} bytes of one, or ${limits.requestBytes} bytes as events; or an event or entity that the log refuses for good, where the others are kept.`,
        ),
        415: refusal('Another content type, or a compressed body.', {
          'Accept-Encoding': header('What is taken, if it is compressed.', { const: 'identity' }, false),
        }),
        422: refusal('Another dataVersion.'),
        429: refusal(`${tooMuchText(limits)}. Nothing is kept.`, RETRY_AFTER),
        500: FAILED,
        503: refusal(
          `Not kept in time, ${limits.requestsInFlight} requests in flight, the gateway stops, or keys cannot be checked yet. Send the same envelope again.`,
          RETRY_AFTER,
        ),
      },
    },
    get: {
      operationId: 'caliperConfiguration',
      tags: ['caliper'],
      summary: 'What an envelope may be',
      security: FOR_CALIPER,
      responses: {
        200: json('The configuration of Caliper 1.2.', {
          type: 'object',
          required: ['caliperMaximumPayloadSize', 'caliperSupportedVersions'],
          properties: {
            caliperMaximumPayloadSize: { type: 'integer', description: 'KiB.' },
            caliperSupportedVersions: { type: 'array', items: { enum: [...SUPPORTED_VERSIONS] } },
          },
        }),
        401: UNAUTHORIZED,
        403: FORBIDDEN,
        500: FAILED,
        503: refusal('Keys cannot be checked yet.', RETRY_AFTER),
      },
    },
    ...otherMethods('GET, HEAD, POST'),
  };
}
