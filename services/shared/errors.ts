/**
 * Every fault that a person may have to act on. The message says what was found, where, and the remedy.
 * Bad data is never thrown: it is a value (`ok | drop | deadLetter`), so a thrown error means a bug or broken
 * infrastructure.
 */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'MODULE_INVALID'
  | 'TOPIC_MISMATCH'
  | 'UNKNOWN_TOPIC'
  | 'OFFSET_OUT_OF_RANGE'
  | 'HISTORY_GAP'
  | 'UNIT_STOPPED'
  | 'DATA_DIR_IN_USE'
  | 'LOG_UNAVAILABLE'
  | 'STATE_UNAVAILABLE'
  | 'STATE_FULL'
  | 'ARCHIVE_UNAVAILABLE'
  | 'ARCHIVE_BROKEN'
  | 'CLOSED';

export interface ErrorOptions {
  readonly cause?: unknown;
  /** True when the same call may succeed later without anybody acting. */
  readonly retriable?: boolean;
}

export class LecternError extends Error {
  readonly code: ErrorCode;
  readonly retriable: boolean;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'LecternError';
    this.code = code;
    this.retriable = options.retriable ?? false;
  }
}

/** Whether trying again gives the same until a person acts: something is gone, or is not what it was. */
export function needsAPerson(error: unknown): boolean {
  return (
    error instanceof LecternError && ['UNIT_STOPPED', 'ARCHIVE_BROKEN', 'HISTORY_GAP'].includes(error.code)
  );
}

/** The message of anything that was thrown, for logs and dead letters: always a text, whatever it was. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'something was thrown that has no text';
  }
}
