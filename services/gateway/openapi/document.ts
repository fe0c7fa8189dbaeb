import type { OpenAPIObject, PathsObject } from 'openapi3-ts/oas31';
import type { GatewayLimits } from '../limits.ts';
import { SOCKET_PATH } from '../socket-path.ts';
import { caliperPath } from './caliper-path.ts';
import { eventsPath } from './events-path.ts';
import { HOUSE_PATHS } from './house-paths.ts';
import { sharedSchemas } from './schemas.ts';
import { SECURITY_SCHEMES } from './security.ts';
import { socketPath } from './socket-path.ts';
import { xapiPaths } from './xapi-paths.ts';

/** Of what is described, not of the product: the first number grows when a client must change. */
const API_VERSION = '1.0.0';

const DESCRIPTION = `Where events come in. Whoever is told that events were taken can forget them: they are durable. What was
not acknowledged may be sent again; repeats count once.

Preflights of allowed pages are answered with 204 (CORS), other paths with 404 and \`{"error"}\`. A request that is no HTTP,
or does not come in time, is answered with 400, 408 or 431 without a body, and its connection closes.`;

const TAGS = [
  { name: 'events', description: 'Events of any kind, by socket or request.' },
  {
    name: 'xapi',
    description: 'Statements of xAPI 1.0.3. This is no Learning Record Store: nothing is given out.',
  },
  { name: 'caliper', description: 'Envelopes of Caliper 1.1 and 1.2.' },
  { name: 'operation', description: 'For operators.' },
];

export interface DocumentDeps {
  /** Those that hold in this process: the document says their numbers. */
  readonly limits: GatewayLimits;
  /** Whether xAPI and Caliper are served. */
  readonly standards: boolean;
}

/** What a gateway answers over HTTP, as OpenAPI 3.1. Tests hold it against the real routes and answers. */
export function createDocument({ limits, standards }: DocumentDeps): OpenAPIObject {
  const ofStandards: PathsObject = { ...xapiPaths(limits), '/caliper': caliperPath(limits) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lectern gateway',
      version: API_VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS.filter(({ name }) => standards || (name !== 'xapi' && name !== 'caliper')),
    paths: {
      [SOCKET_PATH]: socketPath(limits),
      '/v1/events': eventsPath(limits),
      ...(standards ? ofStandards : {}),
      ...HOUSE_PATHS,
    },
    components: { schemas: sharedSchemas(limits), securitySchemes: SECURITY_SCHEMES },
  };
}
