import { setImmediate as turn } from 'node:timers/promises';
import type { Place, Records } from './embedded-records.ts';

/** What one transaction removes: some milliseconds, for which those who append wait. */
const REMOVED_AT_ONCE = 2_000;

export interface TrimDeps {
  readonly records: Pick<Records, 'trim'>;
  readonly write: <T>(action: () => T) => Promise<T>;
}

/** See `EmbeddedLog.trim`. */
export async function trimRecords(
  { records, write }: TrimDeps,
  place: Place,
  below: number,
): Promise<number> {
  let removed = 0;
  for (;;) {
    const count = await write(() => records.trim(place, below, REMOVED_AT_ONCE));
    removed += count;
    if (count < REMOVED_AT_ONCE) return removed;
    await turn();
  }
}

/** See `EmbeddedLog.offsetAt`: times grow with offsets. */
export function findOffsetAt(
  records: Pick<Records, 'start' | 'end' | 'timestampOf'>,
  place: Place,
  time: number,
): number {
  let low = records.start(place);
  let high = records.end(place);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((records.timestampOf(place, middle) ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
