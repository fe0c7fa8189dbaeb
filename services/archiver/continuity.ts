import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import { LecternError } from '../shared/errors.ts';
import type { Gap } from './partition-buffer.ts';

/** The faults at which a partition's archive must not go on: its chain would have a hole, or two histories. */

export function gapError({ topic, partition }: ArchivedPartition, { from, to }: Gap): LecternError {
  return new LecternError(
    'UNIT_STOPPED',
    `offsets ${from} to ${to - 1} of ${topic}/${partition} are neither in the archive nor in the log: restore the ` +
      'archive objects that held them, or start over in a new namespace (LECTERN_NAMESPACE)',
  );
}

/** Throws UNIT_STOPPED unless the log can be read from `next` on: it is where the archive of a partition ends. */
export function checkBounds(
  of: ArchivedPartition,
  next: number,
  { start, end }: { readonly start: number; readonly end: number },
): void {
  if (start > next) throw gapError(of, { from: next, to: start });
  if (next > end)
    throw new LecternError(
      'UNIT_STOPPED',
      `the archive of ${of.topic}/${of.partition} ends at offset ${next}, but the log at ${end}: it is not the log that ` +
        'was archived. Bring that log back, or start over in a new namespace (LECTERN_NAMESPACE)',
    );
}
