import type { KafkaMessage } from 'kafkajs';
import { FetchedRecord } from './kafka-record-batch.ts';
import type { LogRecord } from './port.ts';

const NO_HEADERS: LogRecord['headers'] = {};

/** Other clients may repeat a header, of which the last counts, or give it no value. */
function toHeaders(headers: KafkaMessage['headers']): LogRecord['headers'] {
  const entries = Object.entries(headers ?? {});
  if (entries.length === 0) return NO_HEADERS;
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Buffer.from((Array.isArray(value) ? value.at(-1) : value) ?? '')]),
  );
}

/** A message as kafkajs gives it, as the log's record: it is one already, but for what was written before Kafka 0.11. */
export function toRecord(message: KafkaMessage | FetchedRecord): LogRecord {
  if (message instanceof FetchedRecord) return message;
  return {
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: toHeaders(message.headers),
  };
}
