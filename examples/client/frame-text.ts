import { ClientError } from './client-error.ts';
import type { ClientEvent } from './options.ts';

/** They are about the connection, which is the client's. */
const NOT_EVENTS: ReadonlySet<unknown> = new Set(['lock_fields', 'terminate', 'fetch_blob']);
/** What numbers may add to the text. */
const NUMBERS_SIZE = 100;

/** An event that may be sent, as JSON without its numbers. */
export interface Body {
  readonly text: string;
  readonly hasId: boolean;
  /** What its frame has at most, in characters. */
  readonly size: number;
}

export function toJson(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new ClientError('INVALID', `this has no form in JSON: ${(cause as Error).message}`, cause);
  }
}

/** Throws INVALID or TOO_LARGE. */
export function bodyOf({ sequence: _given, ...event }: ClientEvent, maxBytes: number): Body {
  if (typeof event.event !== 'string' || event.event === '')
    throw new ClientError('INVALID', 'event: must be there, a string that is not empty');
  if (NOT_EVENTS.has(event.event))
    throw new ClientError(
      'INVALID',
      `event: ${event.event} is no event; what to lock is given to createLecternClient`,
    );
  const text = toJson(event);
  const bytes = new TextEncoder().encode(text).length + NUMBERS_SIZE;
  if (bytes > maxBytes)
    throw new ClientError(
      'TOO_LARGE',
      `an event may have at most ${maxBytes} bytes as JSON, and this one has ${bytes}: send it in parts`,
    );
  return { text, hasId: event.id !== undefined, size: text.length + NUMBERS_SIZE };
}

/** The frame of an event. Unless the event has an id, it gets one that is the same however often it is sent. */
export function frameText({ text, hasId }: Body, session: string, sequence: number): string {
  const id = hasId ? '' : `,"id":"${session}-${sequence}"`;
  return `${text.slice(0, -1)}${id},"sequence":${sequence}}`;
}
