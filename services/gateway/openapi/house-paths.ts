import type { PathsObject, SchemaObject } from 'openapi3-ts/oas31';
import { FAILED, json, otherMethods, RETRY_AFTER } from './responses.ts';
import { OPEN } from './security.ts';

const READINESS: SchemaObject = {
  type: 'object',
  required: ['ready', 'status', 'reasons'],
  properties: {
    ready: { type: 'boolean' },
    status: { enum: ['ready', 'degraded', 'not ready'] },
    reasons: { type: 'array', items: { type: 'string' }, description: 'Each says what to do.' },
  },
};

/** What operators and their programs ask, and this document. They answer also while nothing else does. */
export const HOUSE_PATHS: PathsObject = {
  '/healthz': {
    get: {
      operationId: 'health',
      tags: ['operation'],
      summary: 'Whether the process lives',
      security: OPEN,
      responses: {
        200: json('It does.', {
          type: 'object',
          required: ['status'],
          properties: { status: { const: 'ok' } },
        }),
      },
    },
    ...otherMethods('GET, HEAD'),
  },
  '/readyz': {
    get: {
      operationId: 'readiness',
      tags: ['operation'],
      summary: 'Whether it can take events now',
      security: OPEN,
      responses: {
        200: json('It can. `degraded`: some work stands still until somebody acts.', READINESS),
        503: json('It cannot. Sockets that are open stay.', READINESS, RETRY_AFTER),
      },
    },
    ...otherMethods('GET, HEAD'),
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      tags: ['operation'],
      summary: 'Figures for Prometheus',
      security: OPEN,
      responses: {
        200: {
          description: 'The text format of Prometheus. It has nothing of a learner in it.',
          content: { 'text/plain': { schema: { type: 'string' } } },
        },
        500: FAILED,
      },
    },
    ...otherMethods('GET, HEAD'),
  },
  '/openapi.json': {
    get: {
      operationId: 'document',
      tags: ['operation'],
      summary: 'This document',
      security: OPEN,
      responses: {
        200: json('OpenAPI 3.1.', {
          type: 'object',
          required: ['openapi', 'info', 'paths', 'components'],
          properties: { openapi: { type: 'string', pattern: '^3\\.1\\.' } },
          additionalProperties: true,
        }),
      },
    },
    ...otherMethods('GET, HEAD'),
  },
};
