import type { LogRecord } from '../log/port.ts';
import type { ChainEnd } from './chain-end.ts';
import { anchorOf } from './object-range.ts';
import type { Waiter } from './object-room.ts';
import type { ObjectOpener } from './open-object.ts';

/** The newest record of an archive, by which a log that was made anew under the old name is noticed. */
export interface ArchiveAnchor {
  readonly offset: number;
  readonly hash: string;
}

/** Out of the metadata of an object, or, where that was put without one, out of the object. */
export async function readAnchor(
  opener: ObjectOpener,
  { name, range, sizeBytes }: ChainEnd,
  waiter?: Waiter,
): Promise<ArchiveAnchor> {
  const offset = range.last;
  if (range.anchor !== null) return { offset, hash: range.anchor };
  const object = await opener.open({ name, first: range.first, sizeBytes }, waiter);
  let last: LogRecord | undefined;
  for await (const records of object.pages(offset)) last = records.at(-1);
  return { offset, hash: anchorOf(last!) };
}
