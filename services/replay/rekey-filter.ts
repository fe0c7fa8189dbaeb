import { createPartReader } from '../shared/event.ts';
import type { LogRecord } from '../shared/log/port.ts';
import { eventsTopic } from '../shared/topics.ts';
import { originOf } from '../worker/rekey-origin.ts';
import type { ReplayFilters } from './plan.ts';

/**
 * Whether a record of a rekey topic is of an event that passes the filters. It stands under another key than the
 * student's, and later than the event: so students are looked for in the event, and times cannot be.
 */
export function createRekeyFilter(
  { sources, students }: Pick<ReplayFilters, 'sources' | 'students'>,
  namespace: string,
): (record: LogRecord) => boolean {
  const reader = createPartReader(['key']);
  const topics = sources && new Set(sources.map((source) => eventsTopic(namespace, source)));
  const wanted = students && new Set(students);

  const isOfStudent = ({ value }: LogRecord): boolean => {
    if (wanted === undefined) return true;
    const decoded = value === null ? null : reader.decode(value);
    return decoded?.kind === 'ok' && wanted.has(decoded.value.key);
  };
  return (record) => {
    if (topics !== undefined && !topics.has(originOf(record.headers)?.topic ?? '')) return false;
    return isOfStudent(record);
  };
}
