import type { LogRecord, TopicPartition } from '../../shared/log/port.ts';

/** Where a record stood before it was moved into another namespace. */
export interface MovedFrom extends TopicPartition {
  readonly offset: number;
}

type Headers = LogRecord['headers'];

/** No service reads them: to gateways, workers and archivers a record that was moved is one like any other. */
const TOPIC = 'lectern-moved-topic';
const PARTITION = 'lectern-moved-partition';
const OFFSET = 'lectern-moved-offset';
/** When the old log appended it, in milliseconds since 1970: the new one gives it a time of its own. */
const TIMESTAMP = 'lectern-moved-timestamp';

/** Those of the last move alone stay, where there were several. */
export function movedHeaders({ topic, partition, offset }: MovedFrom, timestamp: number): Headers {
  return {
    [TOPIC]: Buffer.from(topic),
    [PARTITION]: Buffer.from(String(partition)),
    [OFFSET]: Buffer.from(String(offset)),
    [TIMESTAMP]: Buffer.from(String(timestamp)),
  };
}

const DIGITS = /^\d{1,16}$/;

/** Null for a record that no move brought. */
export function movedFrom(headers: Headers): MovedFrom | null {
  const topic = headers[TOPIC]?.toString() ?? '';
  const [partition, offset] = [PARTITION, OFFSET].map((name) => headers[name]?.toString() ?? '');
  if (topic === '' || !DIGITS.test(partition!) || !DIGITS.test(offset!)) return null;
  return { topic, partition: Number(partition), offset: Number(offset) };
}
