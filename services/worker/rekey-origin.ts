import type { LogRecord } from '../shared/log/port.ts';
import type { Mark } from '../shared/rekey-mark.ts';

/** Where an event that stands in a rekey topic comes from. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Which of the records that were made of the event, from 0. */
  readonly n: number;
}

type Headers = LogRecord['headers'];

const TOPIC = 'lectern-origin-topic';
const PARTITION = 'lectern-origin-partition';
const OFFSET = 'lectern-origin-offset';
const N = 'lectern-origin-n';

export function originHeaders({ topic, partition, offset, n }: Origin): Headers {
  return {
    [TOPIC]: Buffer.from(topic),
    [PARTITION]: Buffer.from(String(partition)),
    [OFFSET]: Buffer.from(String(offset)),
    [N]: Buffer.from(String(n)),
  };
}

const DIGITS = /^\d{1,16}$/;

function numberIn(header: Buffer | undefined): number | null {
  const text = header?.toString() ?? '';
  return DIGITS.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}

/** Null when the headers do not tell. */
export function originOf(headers: Headers): Origin | null {
  const topic = headers[TOPIC]?.toString() ?? '';
  const partition = numberIn(headers[PARTITION]);
  const offset = numberIn(headers[OFFSET]);
  const n = numberIn(headers[N]);
  if (topic === '' || partition === null || offset === null || n === null) return null;
  return { topic, partition, offset, n };
}

export const isAbove = (place: Mark, mark: Mark | null): boolean =>
  mark === null || place.offset > mark.offset || (place.offset === mark.offset && place.n > mark.n);
