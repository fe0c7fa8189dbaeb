import { readAnchor } from '../archive/anchor.ts';
import { lastObjects } from '../archive/chain-end.ts';
import type { ArchivedPartition } from '../archive/object-name.ts';
import { anchorOf } from '../archive/object-range.ts';
import type { Waiter } from '../archive/object-room.ts';
import type { ObjectOpener } from '../archive/open-object.ts';
import type { ArchiveStore } from '../archive/port.ts';
import type { EventLog, LogRecord, PartitionOffsets } from '../log/port.ts';

export interface ConflictDeps {
  readonly archive: ArchiveStore;
  readonly opener: ObjectOpener;
  readonly of: ArchivedPartition;
  readonly read: EventLog['read'];
  /** What the log holds now. */
  readonly range: () => Promise<PartitionOffsets>;
  readonly waiter?: Waiter | undefined;
}

/**
 * Why archive and log are not of one history, by the newest record that both hold; null when nothing says so. Of the
 * archive the last object of the newest date is looked at, and older ones only while it ends before the log begins.
 */
export async function findConflict(deps: ConflictDeps): Promise<string | null> {
  const { topic, partition } = deps.of;
  const madeAgain = (fault: string): string =>
    `${fault} ${topic}/${partition}: the topic was made again under its old name; use a new namespace ` +
    '(LECTERN_NAMESPACE), or restore the topic';

  for await (const object of lastObjects(deps.archive, deps.of)) {
    const { last } = object.range;
    // The log is asked after the archive, which may have grown meanwhile.
    const { start, end } = await deps.range();
    if (last >= end)
      return madeAgain(`the archive holds offsets up to ${last}, beyond the end ${end} of the log of`);
    if (last < start) continue;
    const { hash } = await readAnchor(deps.opener, object, deps.waiter);
    const found: LogRecord[] = [];
    for await (const page of deps.read({ topic, partition, from: last, to: last + 1 })) found.push(...page);
    const [record] = found;
    if (record !== undefined && anchorOf(record) === hash) return null;
    return madeAgain(`the log has another record than the archive at offset ${last} of`);
  }
  return null;
}
