import type { Row } from './columns.ts';

/** How many bytes of rows there are of each second: by this a day is cut into slices that can be sorted in memory. */
export interface TimeSizes {
  add(row: Row, bytes: number): void;
  /** One after the other, with all rows, each of `maxBytes` at most, or of one second. Milliseconds; `to` is exclusive. */
  slices(maxBytes: number): readonly TimeSlice[];
}

export interface TimeSlice {
  readonly from: number;
  readonly to: number;
}

const SECOND_MS = 1_000;

/** `timeColumn` is the place of the time in a row, in milliseconds. */
export function createTimeSizes(timeColumn: number): TimeSizes {
  const sizes = new Map<number, number>();
  return {
    add(row, bytes) {
      const second = Math.floor(Number(row[timeColumn]) / SECOND_MS);
      sizes.set(second, (sizes.get(second) ?? 0) + bytes);
    },
    slices(maxBytes) {
      const slices: { from: number; to: number }[] = [];
      let taken = Number.POSITIVE_INFINITY;
      for (const [second, bytes] of [...sizes].sort(([a], [b]) => a - b)) {
        const to = (second + 1) * SECOND_MS;
        if (taken + bytes > maxBytes) slices.push({ from: second * SECOND_MS, to });
        else slices[slices.length - 1]!.to = to;
        taken = taken + bytes > maxBytes ? bytes : taken + bytes;
      }
      return slices;
    },
  };
}
