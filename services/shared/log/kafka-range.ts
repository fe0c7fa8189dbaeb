import type { FetchedRange } from './kafka-companions.ts';
import type { Batch } from './port.ts';

/** So many records are handed on at a time: what one consumer decoded of them is in the processor's caches for the others. */
const SLICE = 256;
/** Of records that are older than this, nobody looks at how fresh the states are. */
const OLD_MS = 10_000;

export const isOld = ({ records }: FetchedRange): boolean => Date.now() - records.at(-1)!.timestamp > OLD_MS;

export function* slicesOf(range: FetchedRange): Iterable<FetchedRange> {
  let { from } = range;
  for (let first = 0; first < range.records.length; first += SLICE) {
    const records = range.records.slice(first, first + SLICE);
    const isLast = first + SLICE >= range.records.length;
    const next = isLast ? range.next : records.at(-1)!.offset + 1;
    yield { ...range, from, records, next };
    from = next;
  }
}

/** What a consumer gets that reads at `position`. One that begins in the middle gets an array of its own. */
export function batchFor(position: number, range: FetchedRange): Batch {
  const { topic, partition, records, endOffset, fetchedAt, readers } = range;
  const batch = { topic, partition, endOffset, fetchedAt };
  if (range.from === position) return { ...batch, records, readers };
  return { ...batch, records: records.filter(({ offset }) => offset >= position) };
}
