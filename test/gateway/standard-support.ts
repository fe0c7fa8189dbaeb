import { createBasicAuthorize, createBearerAuthorize } from '../../services/gateway/authorize.ts';
import { createCleanUp, startGateway, type TestGateway, type TestGatewayOptions } from './support.ts';

/** A gateway that takes statements and envelopes, and ways to send them. */

export const ALICE = { mbox: 'mailto:alice@school.example' };
export const VERB = 'http://adlnet.gov/expapi/verbs/completed';
export const ACTIVITY = 'https://school.example/activities/1';
export const ID = '7ccd3322-e1a5-411a-a67d-6a735c76f119';

export function statement(more: object = {}): Record<string, unknown> {
  return { actor: ALICE, verb: { id: VERB }, object: { id: ACTIVITY }, ...more };
}

export const PERSON = 'https://school.example/users/554433';
export const EVENT_ID = 'urn:uuid:3a648e68-f00d-4c08-aa59-8738e1884f2c';
const CONTEXT = 'http://purl.imsglobal.org/ctx/caliper/v1p2';

export function caliperEvent(more: object = {}): Record<string, unknown> {
  return {
    '@context': CONTEXT,
    id: EVENT_ID,
    type: 'NavigationEvent',
    actor: { id: PERSON, type: 'Person' },
    action: 'NavigatedTo',
    object: { id: 'https://school.example/pages/2', type: 'WebPage' },
    eventTime: '2026-11-15T10:15:00.000Z',
    ...more,
  };
}

export function envelope(data: readonly unknown[], more: object = {}): Record<string, unknown> {
  return {
    sensor: 'https://school.example/sensors/1',
    sendTime: '2026-11-15T11:05:01.000Z',
    dataVersion: CONTEXT,
    data,
    ...more,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
  readonly error: string | undefined;
}

export interface StandardGateway extends TestGateway {
  request(path: string, init: RequestInit): Promise<Answer>;
  /** With the headers that every request has, unless they are replaced; undefined leaves one out. */
  xapi(method: string, query: string, body?: unknown, headers?: Headers_): Promise<Answer>;
  post(body: unknown, headers?: Headers_): Promise<Answer>;
  put(query: string, body: unknown, headers?: Headers_): Promise<Answer>;
  caliper(body: unknown, headers?: Headers_, method?: string): Promise<Answer>;
}

type Headers_ = Readonly<Record<string, string | undefined>>;

export interface StandardOptions extends TestGatewayOptions {
  readonly credentials?: readonly string[];
  readonly tokens?: readonly string[];
  readonly open?: boolean;
}

function given(headers: Headers_): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function textOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function startStandard(options: StandardOptions = {}): Promise<StandardGateway> {
  const { credentials = [], tokens = [], open = true, more, ...rest } = options;
  const started = await startGateway({
    ...rest,
    more: {
      sources: ['xapi', 'caliper'],
      standardSenders: {
        xapi: createBasicAuthorize(credentials, open),
        caliper: createBearerAuthorize(tokens, open),
      },
      ...more,
    },
  });

  async function request(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${started.url}${path}`, init);
    const text = await response.text();
    const body = parsed(text);
    const error = (body as { error?: string } | undefined)?.error;
    return { status: response.status, headers: response.headers, text, body, error };
  }
  const withBody = (body: unknown): { body?: string | Uint8Array<ArrayBuffer> } =>
    body === undefined ? {} : { body: textOf(body) };

  const gateway: StandardGateway = {
    ...started,
    request,
    xapi(method, query, body, headers = {}) {
      const all = { 'content-type': 'application/json', 'x-experience-api-version': '1.0.3', ...headers };
      return request(`/xapi/statements${query}`, { method, headers: given(all), ...withBody(body) });
    },
    post: (body, headers) => gateway.xapi('POST', '', body, headers),
    put: (query, body, headers) => gateway.xapi('PUT', query, body, headers),
    caliper(body, headers = {}, method = 'POST') {
      const all = { 'content-type': 'application/json', ...headers };
      return request('/caliper', { method, headers: given(all), ...withBody(body) });
    },
  };
  return gateway;
}

export interface StandardHouse {
  start(options?: StandardOptions): Promise<StandardGateway>;
  readonly cleanUp: ReturnType<typeof createCleanUp>;
}

/** Gateways of tests, which `cleanUp` ends. */
export function createStandardHouse(): StandardHouse {
  const cleanUp = createCleanUp();
  return {
    async start(options) {
      const gateway = await startStandard(options);
      cleanUp.add(gateway.close);
      return gateway;
    },
    cleanUp,
  };
}
