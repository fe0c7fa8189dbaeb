import type { SchemaObject } from 'openapi3-ts/oas31';
import { BLOCK_ACTIONS, BLOCK_SPANS } from '../../shared/control/access-record.ts';

const text: SchemaObject = { type: 'string' };

/** For how long a sender is blocked. */
export const TIME_LIMIT: SchemaObject = {
  description: 'For how long; a number is what is left of it, in milliseconds.',
  anyOf: [{ enum: [...BLOCK_SPANS] }, { type: 'number', exclusiveMinimum: 0 }],
};

function answer(
  status: string,
  description: string,
  required: readonly string[],
  properties: NonNullable<SchemaObject['properties']>,
): SchemaObject {
  return {
    type: 'object',
    description,
    required: ['status', ...required],
    properties: { status: { const: status }, ...properties },
  };
}

/** What a socket sends: one of these a text frame. */
export const SOCKET_ANSWER: SchemaObject = {
  description: 'Clients ignore what they do not know.',
  oneOf: [
    answer('auth', 'It is known who sends.', ['user_id'], { user_id: text }),
    answer('error', 'A frame was not taken.', ['error'], {
      error: { ...text, description: '`frame <number>: ...`, with the place and what is wrong there.' },
      remedy: text,
      frame: { type: 'integer', minimum: 1, description: 'This and the next two: who asked for acks.' },
      session: { type: ['string', 'null'] },
      sequence: { type: ['integer', 'null'] },
    }),
    answer(
      'ack',
      'All of the session up to this number is durable, or was refused.',
      ['session', 'through'],
      {
        session: text,
        through: { type: 'integer', minimum: 0 },
      },
    ),
    answer('blocklist', 'The sender is blocked.', ['action', 'time_limit', 'message'], {
      action: { enum: [...BLOCK_ACTIONS] },
      time_limit: TIME_LIMIT,
      message: text,
    }),
    answer('fetch_blob', 'The blob as it was saved; null when none ever was.', ['data'], { data: {} }),
  ],
};
