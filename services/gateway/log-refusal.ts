import { type LecternError, messageOf } from '../shared/errors.ts';
import { isRefusedForGood } from './refused-for-good.ts';

/** Why the log will never take an event, for its sender. */
export interface LogRefusal {
  readonly reason: string;
  /** Whether less of it would have been taken. */
  readonly tooLarge: boolean;
}

const REASON_CHARS = 200;
const TOO_LARGE: ReadonlySet<unknown> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** Null when it is not the event that is at fault, so that it may be sent again. */
export function logRefusalOf(error: LecternError): LogRefusal | null {
  if (!isRefusedForGood(error)) return null;
  // What the log itself said: the message around it names servers.
  const cause = error.cause ?? error;
  return {
    reason: `the log refused it for good: ${messageOf(cause).slice(0, REASON_CHARS)}`,
    tooLarge: TOO_LARGE.has((cause as { type?: unknown }).type),
  };
}
