import type { SecurityRequirementObject, SecuritySchemeObject } from 'openapi3-ts/oas31';
import { LTI_COOKIE } from '../lti-session.ts';

/** The ways in which senders say who they are. */
export const SECURITY_SCHEMES: Readonly<Record<string, SecuritySchemeObject>> = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, `lct_<12 hex>_<64 hex>`, or a token (JWT) of the school. Pages, which cannot set headers on a socket, offer the subprotocols `lectern` and `lectern.bearer.<key>` there.',
  },
  basic: {
    type: 'http',
    scheme: 'basic',
    description:
      'An API key as the password, beside any name. For identity by `http_basic`: a user whose password a proxy in front has checked.',
  },
  accessToken: {
    type: 'apiKey',
    in: 'query',
    name: 'access_token',
    description:
      'An API key or token, on the socket only, for clients of which only the URL can be set. Proxies write URLs down: use a key made with `--public`.',
  },
  launch: {
    type: 'apiKey',
    in: 'cookie',
    name: LTI_COOKIE,
    description: 'The session of a launch out of a learning platform, for identity by `lti_session`.',
  },
  xapiBasic: {
    type: 'http',
    scheme: 'basic',
    description: 'A user and password of LECTERN_XAPI_CREDENTIALS, or an API key as the password.',
  },
  caliperBearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of LECTERN_CALIPER_TOKENS, or an API key.',
  },
};

/** Anybody may ask. */
export const OPEN: SecurityRequirementObject[] = [];

/** One of them; the empty one is for installations that are open for testing, or identify by what events say. */
export const FOR_EVENTS: SecurityRequirementObject[] = [{}, { bearer: [] }, { basic: [] }, { launch: [] }];
export const FOR_SOCKETS: SecurityRequirementObject[] = [...FOR_EVENTS, { accessToken: [] }];
export const FOR_XAPI: SecurityRequirementObject[] = [{}, { xapiBasic: [] }, { bearer: [] }];
export const FOR_CALIPER: SecurityRequirementObject[] = [{}, { caliperBearer: [] }, { basic: [] }];
