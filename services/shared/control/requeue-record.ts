import type { LogRecord } from '../log/port.ts';
import type { DeadLetterKey } from '../state/port.ts';

/**
 * A requeued event is the original record once more, in the same partition, with two headers that name the dead letter
 * that it was appended for.
 */

/** `<module id>/<reducer id>`, or `<module id>/<NAME>` for all reducers of the module. */
export const REQUEUE_REDUCER = 'lectern-requeue-reducer';
/** The offset of the original record, in digits. */
export const REQUEUE_OFFSET = 'lectern-requeue-offset';

export interface RequeueTarget extends DeadLetterKey {
  /** `<NAME>.v<VERSION>` */
  readonly module: string;
}

type Headers = LogRecord['headers'];

export function requeueHeaders({ module, reducer, offset }: RequeueTarget): Headers {
  return {
    [REQUEUE_REDUCER]: Buffer.from(`${module}/${reducer}`),
    [REQUEUE_OFFSET]: Buffer.from(String(offset)),
  };
}

/** Whether a record says that it was requeued, rightly or not. Asked for every event. */
export function saysRequeued(headers: Headers): boolean {
  return headers[REQUEUE_REDUCER] !== undefined || headers[REQUEUE_OFFSET] !== undefined;
}

const NAMED = /^([A-Za-z_][A-Za-z0-9_]*)\.v(\d+)\/(.+)$/;
const DIGITS = /^\d{1,16}$/;

/** What a record that says that it was requeued is for; null when its headers do not tell. */
export function parseRequeue(headers: Headers): RequeueTarget | null {
  const named = NAMED.exec(headers[REQUEUE_REDUCER]?.toString() ?? '');
  const digits = headers[REQUEUE_OFFSET]?.toString() ?? '';
  if (named === null || !DIGITS.test(digits) || !Number.isSafeInteger(Number(digits))) return null;
  const [, name, version, reducer] = named;
  if (reducer !== name && !reducer!.startsWith(`${name}.`)) return null;
  return { module: `${name}.v${version}`, reducer: reducer!, offset: Number(digits) };
}
