import type { LecternError } from '../shared/errors.ts';
import type { OutgoingRecord } from '../shared/log/port.ts';

/** The records of one ticket: how many are not decided yet, which the log refused, and who hears of it. */
export interface Group {
  left: number;
  /** Null while there is none, as nearly always: there is a group for each event of a socket. */
  refused: Map<OutgoingRecord, LecternError> | null;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export function createGroup(left: number): { promise: Promise<void>; group: Group } {
  let settle: Pick<Group, 'resolve' | 'reject'> | undefined;
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever does not wait must not end the process with an unhandled rejection.
  promise.catch(() => undefined);
  return { promise, group: { left, refused: null, ...settle! } };
}

/** So many more of a group are decided. */
export function settle(group: Group, count: number): void {
  group.left -= count;
  if (count === 0 || group.left > 0) return;
  const [refusal] = group.refused?.values() ?? [];
  if (refusal === undefined) group.resolve();
  else group.reject(refusal);
}

/** The log will never take a record of the group. */
export function refuse(group: Group, record: OutgoingRecord, refusal: LecternError): void {
  group.refused ??= new Map();
  group.refused.set(record, refusal);
}
