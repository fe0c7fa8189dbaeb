import type { ArchiveAnchor } from '../shared/archive/anchor.ts';
import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import { anchorOf } from '../shared/archive/object-range.ts';
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
