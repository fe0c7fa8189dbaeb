import type { SchemasObject } from 'openapi3-ts/oas31';
import { BLOCK_ACTIONS } from '../../shared/control/access-record.ts';
import type { GatewayLimits } from '../limits.ts';
import { SOCKET_ANSWER, TIME_LIMIT } from './socket-answer.ts';

const text = { type: 'string' } as const;

/** What the bodies of several paths are made of. */
export function sharedSchemas(limits: GatewayLimits): SchemasObject {
  return {
    Error: {
      type: 'object',
      required: ['error'],
      properties: {
        error: { ...text, description: 'The place, what is wrong there, and the remedy.' },
      },
    },
    Frame: {
      type: 'object',
      description: `What a socket takes as a frame, and a request as an element: an event, or \`lock_fields\`, \`terminate\`, \`save_blob\`, \`fetch_blob\` (socket only). At most ${limits.frameBytes} bytes and ${limits.nestingLevels} levels; a string or name has at most ${limits.stringChars} characters.`,
      required: ['event'],
      maxProperties: limits.objectKeys,
      properties: {
        event: { ...text, minLength: 1, description: 'Its kind.' },
        source: { ...text, description: 'Who sends: its own, or the locked one.' },
        id: { ...text, description: 'The same for the same event, so that repeats count once.' },
        session: { ...text, description: '1 to 200 characters; needed for acknowledgements.' },
        sequence: { type: 'integer', minimum: 0, description: 'Ascending in its session; needed as well.' },
        fields: {
          type: 'object',
          description: `Of \`lock_fields\`: written over the fields of every later event. All of them have at most ${limits.lockedBytes} bytes.`,
        },
      },
      additionalProperties: true,
    },
    Statement: {
      type: 'object',
      description: 'As xAPI 1.0.3 defines it, without attachments that come in the request.',
      externalDocs: { url: 'https://github.com/adlnet/xAPI-Spec/blob/master/xAPI-Data.md' },
      required: ['actor', 'verb', 'object'],
      properties: {
        id: { ...text, format: 'uuid' },
        actor: { type: 'object' },
        verb: { type: 'object' },
        object: { type: 'object' },
      },
      additionalProperties: true,
    },
    SocketAnswer: SOCKET_ANSWER,
    EventResults: {
      type: 'array',
      description: 'One for each element that was taken, in order.',
      maxItems: limits.bodyEvents,
      items: {
        type: 'object',
        required: ['index', 'status'],
        properties: {
          index: { type: 'integer', minimum: 0 },
          status: {
            enum: ['accepted', 'duplicate', 'rejected'],
            description: '`accepted`: durable now; `duplicate`: it was before.',
          },
          id: { ...text, description: 'Of an event that was taken.' },
          error: { ...text, description: 'Of one that was rejected.' },
        },
      },
    },
    Blocked: {
      type: 'object',
      description: 'The sender is blocked: what clients of Learning Observer are told, and obey.',
      required: ['status', 'action', 'time_limit', 'message', 'error', 'results'],
      properties: {
        status: { const: 'blocklist' },
        action: { enum: [...BLOCK_ACTIONS] },
        time_limit: TIME_LIMIT,
        message: text,
        error: text,
        results: { $ref: '#/components/schemas/EventResults' },
      },
    },
  };
}
