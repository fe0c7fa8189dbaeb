import { parseRequeue, saysRequeued } from '../shared/control/requeue-record.ts';
import type { LogRecord } from '../shared/log/port.ts';

/**
 * What a record is to a module besides being an event: nothing special (`none`); appended again for one of its own dead
 * letters (`mine`); for another module or version, and so to be skipped (`others`); or with headers that say neither
 * (`malformed`): nobody knows whether it is an event or a repeat of one, so it is refused, by every module.
 */
export type Place =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'mine';
      /** `<NAME>.<reducer>`, or `<NAME>` for all reducers of the module. */
      readonly reducer: string;
      /** Of the original record: the dead letter goes by it. */
      readonly offset: number;
    }
  | { readonly kind: 'others' }
  | { readonly kind: 'malformed' };

const NONE: Place = { kind: 'none' };
const OTHERS: Place = { kind: 'others' };
const MALFORMED: Place = { kind: 'malformed' };

/** `moduleId` is `<NAME>.v<VERSION>`. Costs two look-ups for a record that was not requeued. */
export function placeOf(headers: LogRecord['headers'], moduleId: string): Place {
  if (!saysRequeued(headers)) return NONE;
  const target = parseRequeue(headers);
  if (target === null) return MALFORMED;
  if (target.module !== moduleId) return OTHERS;
  return { kind: 'mine', reducer: target.reducer, offset: target.offset };
}
