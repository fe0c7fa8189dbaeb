import type { ListedObject } from '../shared/archive/inventory.ts';
import { dateOf } from '../shared/archive/object-name.ts';
import type { HistoryFilter } from '../shared/history/port.ts';

export type TimeRange = Pick<HistoryFilter, 'since' | 'until'>;

const DAY_MS = 86_400_000;

/**
 * Of a partition's objects, in the order of their offsets, those that may hold records of a time range: they follow one
 * another. The folder of an object tells the day of its first record alone, and a broker's clock may be set back, so a day
 * more is read on either side.
 */
export function neededObjects<T extends Pick<ListedObject, 'date'>>(
  objects: readonly T[],
  { since, until }: TimeRange,
): readonly T[] {
  const from = since === undefined ? '' : dateOf(since - DAY_MS);
  const to = until === undefined ? '9' : dateOf(until + DAY_MS);
  // An object ends where the next one begins, so one is passed over whose next begins before the range.
  const first = objects.findIndex(
    (_, index) => index === objects.length - 1 || objects[index + 1]!.date >= from,
  );
  const last = objects.findLastIndex(({ date }) => date <= to);
  return first === -1 ? [] : objects.slice(first, last + 1);
}
