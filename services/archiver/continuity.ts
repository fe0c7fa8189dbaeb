import type { ChainEnd } from '../shared/archive/chain-end.ts';
import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import { anchorOf } from '../shared/archive/object-range.ts';
import type { ObjectOpener } from '../shared/archive/open-object.ts';
import { LecternError } from '../shared/errors.ts';
import { type MissingOffsets, missingMessage } from '../shared/history/gap.ts';
import type { LogRecord } from '../shared/log/port.ts';

/** The faults at which a partition's archive must not go on: its chain would have a hole, or two histories. */

export function gapError(of: ArchivedPartition, missing: MissingOffsets): LecternError {
  return new LecternError('UNIT_STOPPED', missingMessage(of, missing));
}

const foreignLog = (fault: string): LecternError =>
  new LecternError(
    'UNIT_STOPPED',
    `${fault}: it is not the log that was archived. Bring that log back, or start over in a new namespace (LECTERN_NAMESPACE)`,
  );

/** Throws UNIT_STOPPED unless the log can be read from `next` on: it is where the archive of a partition ends. */
export function checkBounds(
  of: ArchivedPartition,
  next: number,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  if (start > next) throw gapError(of, { from: next, to: start });
  if (next > end)
    throw foreignLog(
      `the archive of ${of.topic}/${of.partition} ends at offset ${next}, but the log at ${end}`,
    );
}

/** The newest record of an archive, by which a log that was made anew under the old name is noticed. */
export interface ArchiveAnchor {
  readonly offset: number;
  readonly hash: string;
}

/** Out of the metadata of the object that ends the chain, or, where that was put without one, out of the object. */
export async function readAnchor(
  opener: ObjectOpener,
  { name, range, sizeBytes }: ChainEnd,
): Promise<ArchiveAnchor> {
  const offset = range.last;
  if (range.anchor !== null) return { offset, hash: range.anchor };
  const object = await opener.open({ name, first: range.first, sizeBytes });
  let last: LogRecord | undefined;
  for await (const records of object.pages(offset)) last = records.at(-1);
  return { offset, hash: anchorOf(last!) };
}

/** What is wrong when the log has another record at the anchor's offset than the archive; null when nothing is. */
export function anchorFault(
  of: ArchivedPartition,
  { offset, hash }: ArchiveAnchor,
  records: readonly LogRecord[],
): LecternError | null {
  const found = records.find((record) => record.offset === offset);
  if (found === undefined || anchorOf(found) === hash) return null;
  return foreignLog(
    `the log has another record than the archive at offset ${offset} of ${of.topic}/${of.partition}`,
  );
}
