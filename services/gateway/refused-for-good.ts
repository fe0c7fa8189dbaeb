import { LecternError } from '../shared/errors.ts';
import type { Problem } from './frame.ts';

/**
 * Whether the log will never take an event, however often it is sent: the fault is the event's own. A log that is being
 * closed, or that this process has no right to write to, says nothing of an event: it is asked again.
 */
export function isRefusedForGood(error: unknown): error is LecternError {
  if (!(error instanceof LecternError) || error.retriable || error.code === 'CLOSED') return false;
  const { type } = Object(error.cause) as { readonly type?: unknown };
  return !String(type).includes('AUTHORIZATION');
}

/** What its sender is told. The log's own words may name servers. */
export const REFUSED_FOR_GOOD: Problem = {
  error: 'the log does not take this event, and never will',
  remedy: 'leave it out; whoever runs the service finds the reason in the log of the gateway',
};
