import type { LogRecord } from '../log/port.ts';

/**
 * An event that was copied out of the topic of unclaimed events, to its source's own, says where it was. Names of their
 * own: a record of another topic that events were given to under other keys says where that one was, besides.
 */
const TOPIC = 'lectern-claimed-topic';
const PARTITION = 'lectern-claimed-partition';
const OFFSET = 'lectern-claimed-offset';

export interface CopiedFrom {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

type Headers = LogRecord['headers'];

export function copyHeaders({ topic, partition, offset }: CopiedFrom): Headers {
  return {
    [TOPIC]: Buffer.from(topic),
    [PARTITION]: Buffer.from(String(partition)),
    [OFFSET]: Buffer.from(String(offset)),
  };
}

const DIGITS = /^\d{1,16}$/;

function numberIn(header: Buffer | undefined): number | null {
  const text = header?.toString() ?? '';
  return DIGITS.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : null;
}

/** Null when the headers do not tell, as those of most records: that costs one look-up. */
export function copiedFrom(headers: Headers): CopiedFrom | null {
  const topic = headers[TOPIC];
  if (topic === undefined) return null;
  const partition = numberIn(headers[PARTITION]);
  const offset = numberIn(headers[OFFSET]);
  return partition === null || offset === null ? null : { topic: topic.toString(), partition, offset };
}
