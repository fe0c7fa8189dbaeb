import { z } from 'zod';
import type { DeadLetter, Unit } from './state/port.ts';
import { nameOf } from './state/unit-meta.ts';
import { unitName } from './state/unit-name.ts';

/** A dead letter as it stands in the dead-letters topic, one JSON object a record. */

const copy = z.object({
  /** `<module>/<topic>/<partition>/<reducer>@<offset>`. One that comes twice is the same dead letter, the later one newer. */
  id: z.string(),
  /** `<NAME>.v<VERSION>` */
  module: z.string(),
  reducer: z.string(),
  version: z.number(),
  topic: z.string(),
  partition: z.number(),
  offset: z.number(),
  reason: z.string(),
  stack: z.string().optional(),
});

export type ParsedCopy = z.output<typeof copy>;

export function copyId(unit: Unit, letter: Pick<DeadLetter, 'reducer' | 'offset'>): string {
  return `${unitName(unit)}/${nameOf(letter)}`;
}

export function encodeCopy(unit: Unit, letter: DeadLetter): Buffer {
  const { reducer, version, topic, partition, offset, reason, stack } = letter;
  const stays = { id: copyId(unit, letter), module: unit.module, reducer, version, topic, partition, offset };
  return Buffer.from(JSON.stringify({ ...stays, reason, stack }));
}

/** Null when the record is no copy of a dead letter. */
export function parseCopy(value: Buffer | null): ParsedCopy | null {
  try {
    return copy.parse(JSON.parse((value ?? '').toString()));
  } catch {
    return null;
  }
}
