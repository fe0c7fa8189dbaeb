import type {
  HeadersObject,
  OperationObject,
  ParameterObject,
  PathsObject,
  ResponseObject,
  ResponsesObject,
} from 'openapi3-ts/oas31';
import { JSON_TYPE } from '../http-body.ts';
import type { GatewayLimits } from '../limits.ts';
import { READ_VERSIONS, XAPI_CHALLENGE, XAPI_VERSION } from '../xapi.ts';
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
import { FOR_XAPI, OPEN } from './security.ts';

const VERSION: HeadersObject = {
  'X-Experience-API-Version': header('The version that is served.', { type: 'string', const: XAPI_VERSION }),
};

const uuid = { type: 'string', format: 'uuid' } as const;
const STATEMENT = { $ref: '#/components/schemas/Statement' };
const EXAMPLE = {
  actor: { mbox: 'mailto:bob@school.example' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed' },
  object: { id: 'https://school.example/activities/1' },
};

/** Every answer under `/xapi` says the version. */
function withVersion(responses: Readonly<Record<string, ResponseObject>>): ResponsesObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...response, headers: { ...VERSION, ...response.headers } },
    ]),
  );
}

const VERSION_PARAMETER: ParameterObject = {
  name: 'X-Experience-API-Version',
  in: 'header',
  required: true,
  schema: { type: 'string', pattern: READ_VERSIONS.source },
  example: XAPI_VERSION,
};

function refusals(limits: GatewayLimits): Readonly<Record<string, ResponseObject>> {
  return {
    400: refusal(
      'The version, a parameter, the content type, the JSON or a statement is wrong, or an id comes twice; the error names the place: `statements[2].actor.mbox: ...`. Nothing of the request is kept; but where the log refuses a statement for good, the others are.',
    ),
    401: refusal('Credentials are missing or wrong.', challenge(XAPI_CHALLENGE)),
    403: refusal(`Refused: ${OTHER_ORIGIN}, a key for another source, or somebody who is blocked.`),
    409: refusal('The id belongs to a different statement. Nothing of the request is kept.'),
    408: refusal(`${stallText(limits)}.`, CLOSES),
    413: refusal(
      `Too large: over ${limits.bodyBytes} bytes, ${limits.bodyEvents} statements, ${limits.frameBytes} bytes of one, or ${limits.requestBytes} bytes as events; or a statement that the log refuses for good, where the others are kept.`,
    ),
    415: refusal('A compressed body.', {
      'Accept-Encoding': header('What is taken.', { const: 'identity' }),
    }),
    429: refusal(`${tooMuchText(limits)}. Nothing is kept.`, RETRY_AFTER),
    500: FAILED,
    503: refusal(
      `Not kept in time, the id is on its way with another statement, ${limits.requestsInFlight} requests in flight, the gateway stops, or keys cannot be checked yet. Some may be kept: send the same again, with the same ids.`,
      RETRY_AFTER,
    ),
  };
}

/** `POST` and `PUT /xapi/statements`, `GET /xapi/about`. */
export function xapiPaths(limits: GatewayLimits): PathsObject {
  const common: Pick<OperationObject, 'tags' | 'security'> = { tags: ['xapi'], security: FOR_XAPI };
  return {
    '/xapi/statements': {
      post: {
        ...common,
        operationId: 'sendStatements',
        summary: 'Takes one statement of xAPI 1.0.3, or a list of them',
        description: 'All of a request, or nothing. Statements are never given out.',
        parameters: [VERSION_PARAMETER],
        requestBody: {
          required: true,
          description: `At most ${limits.bodyBytes} bytes.`,
          content: {
            [JSON_TYPE]: {
              schema: {
                anyOf: [STATEMENT, { type: 'array', maxItems: limits.bodyEvents, items: STATEMENT }],
              },
              example: [EXAMPLE],
            },
          },
        },
        responses: withVersion({
          200: json('All are durable, now or before: their ids, in order.', { type: 'array', items: uuid }),
          ...refusals(limits),
        }),
      },
      put: {
        ...common,
        operationId: 'sendStatement',
        summary: 'Takes one statement of xAPI 1.0.3 under an id',
        parameters: [
          VERSION_PARAMETER,
          {
            name: 'statementId',
            in: 'query',
            required: true,
            schema: uuid,
            example: '7ccd3322-e1a5-411a-a67d-6a735c76f119',
          },
        ],
        requestBody: {
          required: true,
          description: `At most ${limits.frameBytes} bytes.`,
          content: { [JSON_TYPE]: { schema: STATEMENT, example: EXAMPLE } },
        },
        responses: withVersion({ 204: { description: 'It is durable.' }, ...refusals(limits) }),
      },
      ...otherMethods('POST, PUT', VERSION),
    },
    '/xapi/about': {
      get: {
        operationId: 'aboutXapi',
        tags: ['xapi'],
        summary: 'Which versions are served',
        security: OPEN,
        responses: withVersion({
          200: json('The versions.', {
            type: 'object',
            required: ['version'],
            properties: { version: { type: 'array', items: { const: XAPI_VERSION }, minItems: 1 } },
          }),
          403: refusal(`Refused: ${OTHER_ORIGIN}.`),
        }),
      },
      ...otherMethods('GET, HEAD', VERSION),
    },
  };
}
