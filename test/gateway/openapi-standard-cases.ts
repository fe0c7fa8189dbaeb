import {
  BROKEN,
  blocked,
  type Case,
  KEYS_UNREAD,
  keyForNothing,
  OTHER_PAGE,
  STOPPED,
  UNKNOWN_KEY,
} from './openapi-cases.ts';
import { ask, type RawRequest } from './raw-request.ts';
import { caliperEvent, envelope, ID, statement } from './standard-support.ts';
import { until } from './support.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const XAPI_HEADERS = { ...JSON_HEADERS, 'x-experience-api-version': '1.0.3' };
const GZIP = { headers: { 'content-encoding': 'gzip' } };
const bodyOf = (value: object): { body: string } => ({ body: JSON.stringify(value) });

const GOOD_STATEMENTS: RawRequest = {
  method: 'POST',
  path: '/xapi/statements',
  headers: XAPI_HEADERS,
  ...bodyOf(statement({ id: ID })),
};

/** Good requests, by their operations. */
export const GOOD_STANDARD: Readonly<Record<string, RawRequest>> = {
  'post /xapi/statements': GOOD_STATEMENTS,
  'put /xapi/statements': { ...GOOD_STATEMENTS, method: 'PUT', path: `/xapi/statements?statementId=${ID}` },
  'get /xapi/about': { method: 'GET', path: '/xapi/about' },
  'post /caliper': {
    method: 'POST',
    path: '/caliper',
    headers: JSON_HEADERS,
    ...bodyOf(envelope([caliperEvent()])),
  },
  'get /caliper': { method: 'GET', path: '/caliper' },
};

const NOT_KNOWN = { options: () => ({ credentials: ['lms:secret'], tokens: ['secret'] }) };

type Rest = Omit<Case, 'operation'>;

/** What holds for all that a standard sends and asks, behind its door. */
const AT_THE_DOOR: readonly Rest[] = [
  { status: 401, name: 'nothing given', ...NOT_KNOWN },
  { status: 401, name: 'an unknown key', ...UNKNOWN_KEY },
  { status: 403, name: 'another page', ...OTHER_PAGE },
  { status: 403, name: 'a key for another source', ...keyForNothing() },
  { status: 500, name: 'a fault of ours', ...BROKEN },
  { status: 503, name: 'keys that were not read', ...KEYS_UNREAD },
];

const WITH_BODIES: readonly Rest[] = [
  ...AT_THE_DOOR,
  { status: 400, name: 'no JSON', request: { body: '{' } },
  {
    status: 408,
    name: 'a body that does not end',
    options: () => ({ limits: { stallMs: 20 } }),
    request: { unfinished: true },
  },
  {
    status: 429,
    name: 'an address that sent too much',
    options: () => ({ rates: { perAddress: { events: 1, seconds: 60 } } }),
    prepare: async ({ url }) => {
      for (let n = 0; n < 2; n++) await ask(url, GOOD_STATEMENTS);
    },
  },
  { status: 413, name: 'a body that is too large', options: () => ({ limits: { bodyBytes: 10 } }) },
  { status: 413, name: 'events that are too large', options: () => ({ limits: { requestBytes: 10 } }) },
  { status: 415, name: 'a packed body', request: GZIP },
  { status: 503, name: 'a gateway that stops', ...STOPPED },
  {
    status: 503,
    name: 'a log that takes nothing',
    options: () => ({ limits: { ackTimeoutMs: 20 } }),
    prepare: ({ log }) => log.hold(),
  },
];

const STATEMENTS: readonly Rest[] = [
  ...WITH_BODIES,
  { status: 400, name: 'no version', request: { headers: { 'x-experience-api-version': '' } } },
  { status: 400, name: 'another type', request: { headers: { 'content-type': 'text/plain' } } },
  { status: 400, name: 'no statement', request: { body: '{}' } },
  { status: 403, name: 'a blocked source', options: () => blocked('xapi') },
  {
    status: 409,
    name: 'another statement with this id',
    prepare: ({ url }) =>
      ask(url, { ...GOOD_STATEMENTS, ...bodyOf(statement({ id: ID, result: { success: true } })) }),
  },
  {
    status: 503,
    name: 'another statement with this id on its way',
    prepare: async ({ url, log, registry }) => {
      log.hold();
      const other = bodyOf(statement({ id: ID, result: { success: true } }));
      ask(url, { ...GOOD_STATEMENTS, ...other }).catch(() => undefined);
      const queued = () => registry.getSingleMetricAsString('lectern_gateway_queue_events');
      await until(async () => / 1$/m.test(await queued()), 'it is on its way');
    },
  },
];

const of = (operation: string, cases: readonly Rest[]): readonly Case[] =>
  cases.map((one) => ({ operation, ...one }));

export const STANDARD_CASES: readonly Case[] = [
  ...of('post /xapi/statements', [{ status: 200, name: 'a statement' }, ...STATEMENTS]),
  ...of('put /xapi/statements', [{ status: 204, name: 'a statement' }, ...STATEMENTS]),
  ...of('get /xapi/about', [
    { status: 200, name: 'anybody', ...NOT_KNOWN },
    { status: 403, name: 'another page', ...OTHER_PAGE },
  ]),
  ...of('post /caliper', [
    ...WITH_BODIES,
    { status: 200, name: 'an envelope' },
    { status: 400, name: 'no event', request: bodyOf(envelope([1])) },
    { status: 403, name: 'a blocked source', options: () => blocked('caliper') },
    { status: 415, name: 'another type', request: { headers: { 'content-type': 'text/plain' } } },
    {
      status: 422,
      name: 'another version',
      request: bodyOf(envelope([caliperEvent()], { dataVersion: 'x' })),
    },
  ]),
  ...of('get /caliper', [{ status: 200, name: 'the configuration' }, ...AT_THE_DOOR]),
];
