import { type ParsedCopy, parseCopy } from '../shared/dead-letter-copy.ts';
import { rangesOf } from '../shared/log/ranges.ts';
import type { DeadLetterCopy } from '../shared/state/port.ts';
import { deadLettersTopic } from '../shared/topics.ts';
import type { House } from './house.ts';

/** Gives what a copy says, or null when retention has removed it. */
export type CopyReader = (copy: DeadLetterCopy) => ParsedCopy | null;

type Reading = Pick<House, 'log' | 'namespace'>;

/** The copies of one partition that are still there, by offset. */
async function readPartition(
  { log, namespace }: Reading,
  partition: number,
  offsets: ReadonlySet<number>,
): Promise<ReadonlyMap<number, ParsedCopy>> {
  const found = new Map<number, ParsedCopy>();
  for (const range of rangesOf(offsets))
    for await (const records of log.read({ topic: deadLettersTopic(namespace), partition, ...range }))
      for (const { offset, value } of records) {
        const parsed = offsets.has(offset) ? parseCopy(value) : null;
        if (parsed !== null) found.set(offset, parsed);
      }
  return found;
}

/** Reads the copies of dead letters out of their topic, which keeps them as long as it keeps anything. */
export async function readCopies(house: Reading, copies: readonly DeadLetterCopy[]): Promise<CopyReader> {
  const kept = copies.length === 0 ? [] : await house.log.offsets(deadLettersTopic(house.namespace));
  const found = new Map<number, ReadonlyMap<number, ParsedCopy>>();
  for (const { partition, start, end } of kept) {
    const there = copies.filter(
      (copy) => copy.partition === partition && copy.offset >= start && copy.offset < end,
    );
    found.set(partition, await readPartition(house, partition, new Set(there.map(({ offset }) => offset))));
  }
  return ({ partition, offset }) => found.get(partition)?.get(offset) ?? null;
}
