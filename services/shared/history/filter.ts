import type { LogRecord } from '../log/port.ts';
import type { HistoryFilter } from './port.ts';

/** Whether a record passes everything that is given. */
export function createFilter({ since, until, keys }: HistoryFilter): (record: LogRecord) => boolean {
  const [from, to] = [since ?? Number.NEGATIVE_INFINITY, until ?? Number.POSITIVE_INFINITY];
  return ({ timestamp, key }) =>
    timestamp >= from && timestamp < to && (keys === undefined || (key !== null && keys.has(key.toString())));
}
