/**
 * FULL: as much is stored as may be. TOO_LARGE, INVALID: this event can never be sent. BLOCKED: the server wants nothing
 * of this sender. CLOSED: by the application. IN_USE: another client has the store. STORE: it cannot be used.
 */
type ClientErrorCode = 'FULL' | 'TOO_LARGE' | 'INVALID' | 'BLOCKED' | 'CLOSED' | 'IN_USE' | 'STORE';

export class ClientError extends Error {
  readonly code: ClientErrorCode;

  constructor(code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ClientError';
    this.code = code;
  }
}
