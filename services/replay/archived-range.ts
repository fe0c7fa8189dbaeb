import pMap from 'p-map';
import type { ListedObject, PartitionInventory } from '../shared/archive/inventory.ts';
import { parseMetadata } from '../shared/archive/object-range.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { LecternError } from '../shared/errors.ts';
import type { PartitionOffsets } from '../shared/log/port.ts';
import { neededObjects, type TimeRange } from './needed.ts';

/** So many metadata are asked for at a time. */
const AT_ONCE = 32;

function gapBefore(topic: string, partition: number, from: number, to: number): LecternError {
  return new LecternError(
    'HISTORY_GAP',
    `the archive does not hold offsets ${from} to ${to - 1} of ${topic}/${partition}: restore the objects that held them ` +
      '(lectern archive verify names what is beside them), or replay a time range that does not need them (--from, --to)',
  );
}

/** Throws where an object does not begin at `next`, the offset after the one before it. */
function checkNext({ topic, partition }: PartitionInventory['of'], object: ListedObject, next: number): void {
  if (object.first > next) throw gapBefore(topic, partition, next, object.first);
  if (object.first < next)
    throw new LecternError(
      'ARCHIVE_BROKEN',
      `the archive object ${object.name} begins at offset ${object.first}, where those before it hold all up to ` +
        `${next - 1}: remove the one that is not of the chain, in which each object begins where another ends`,
    );
}

/**
 * The offsets of a partition that an archive holds of a time range, and some beside it, without a gap. Throws HISTORY_GAP,
 * naming the offsets, where one may be needed that no object holds, and ARCHIVE_BROKEN where two hold one.
 */
export async function archivedRange(
  archive: Pick<ArchiveStore, 'metadata'>,
  { of, objects }: PartitionInventory,
  time: TimeRange,
): Promise<PartitionOffsets> {
  const { topic, partition } = of;
  const needed = neededObjects(objects, time);
  const [oldest] = needed;
  if (oldest === undefined) return { partition, start: 0, end: 0 };
  // What stood before the first object of all is needed unless that itself may begin before the range.
  const begins = oldest === objects[0] && needed.length > 0 && !reachesBack(oldest, time);
  if (begins && oldest.first > 0) throw gapBefore(topic, partition, 0, oldest.first);
  const ranges = await pMap(needed, async ({ name }) => parseMetadata(name, await archive.metadata(name)), {
    concurrency: AT_ONCE,
  });
  let next = oldest.first;
  for (const [index, object] of needed.entries()) {
    checkNext(of, object, next);
    next = ranges[index]!.last + 1;
  }
  const following = objects[objects.indexOf(needed.at(-1)!) + 1];
  if (following !== undefined) checkNext(of, following, next);
  return { partition, start: oldest.first, end: next };
}

/** Whether an object begins on a day before the range. */
function reachesBack({ date }: ListedObject, { since }: TimeRange): boolean {
  return since !== undefined && date < new Date(since).toISOString().slice(0, 10);
}
