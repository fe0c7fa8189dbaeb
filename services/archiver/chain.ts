import { type ArchivedPartition, partitionPrefix, sourceFolder } from '../shared/archive/object-name.ts';
import { parseMetadata } from '../shared/archive/object-range.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';

/** The last object of a partition in each date folder, newest date first. */
async function* lastObjects(archive: ArchiveStore, of: ArchivedPartition): AsyncGenerator<string> {
  const folders = await archive.listFolders(sourceFolder(of));
  for (const folder of folders.toReversed()) {
    let last: string | undefined;
    for await (const page of archive.list({ prefix: `${folder}${partitionPrefix(of)}` }))
      last = page.at(-1)?.name ?? last;
    if (last !== undefined) yield last;
  }
}

async function endOf(archive: ArchiveStore, name: string): Promise<number> {
  return parseMetadata(name, await archive.metadata(name)).last + 1;
}

/**
 * The offset at which a partition's archive goes on, or null when nothing of it is archived: the end of the last object
 * of the newest date. Where the broker's clock once ran ahead that may be too low, which the next put finds out.
 */
export async function findChainEnd(archive: ArchiveStore, of: ArchivedPartition): Promise<number | null> {
  for await (const name of lastObjects(archive, of)) return await endOf(archive, name);
  return null;
}

/** The same whatever the clocks were, but through all dates. */
export async function findHighestEnd(archive: ArchiveStore, of: ArchivedPartition): Promise<number | null> {
  let highest: number | null = null;
  for await (const name of lastObjects(archive, of))
    highest = Math.max(highest ?? 0, await endOf(archive, name));
  return highest;
}
