export interface Range {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Offsets that lie so close are read in one go: to begin a read costs more than to skip so many records. */
const NEAR = 10_000;

/** The ranges to read for a list of offsets, in order. */
export function rangesOf(offsets: Iterable<number>, near = NEAR): readonly Range[] {
  const ranges: Range[] = [];
  for (const offset of [...offsets].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && offset - last.to < near)
      ranges[ranges.length - 1] = { from: last.from, to: Math.max(last.to, offset + 1) };
    else ranges.push({ from: offset, to: offset + 1 });
  }
  return ranges;
}
