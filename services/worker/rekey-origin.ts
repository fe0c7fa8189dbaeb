import type { LogRecord } from '../shared/log/port.ts';

/** Where an event that stands in a rekey topic comes from. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Which of the records that were made of the event, from 0. */
  readonly n: number;
}

/** Of an origin partition: the place of a record in the order in which its records are published. */
export type Mark = Pick<Origin, 'offset' | 'n'>;

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

/** The field of a rekey unit that holds the mark of an origin partition: `Mark,<topic>/<partition>`. */
export const markField = ({ topic, partition }: Pick<Origin, 'topic' | 'partition'>): string =>
  `Mark,${topic}/${partition}`;

export const writeMark = ({ offset, n }: Mark): string => `${offset},${n}`;

/** Null when the text is no mark. */
export function readMark(text: string): Mark | null {
  const found = /^(\d{1,16}),(\d{1,16})$/.exec(text);
  return found === null ? null : { offset: Number(found[1]), n: Number(found[2]) };
}
