import { objectsIn } from './chain.ts';
import { type ArchivedPartition, sourceFolder } from './object-name.ts';
import { type ObjectRange, parseMetadata } from './object-range.ts';
import type { ArchiveStore } from './port.ts';

/** The object with which a partition's archive ends. */
export interface ChainEnd {
  readonly name: string;
  readonly range: ObjectRange;
  readonly sizeBytes: number;
}

/** The last object of a partition in each date folder, newest date first. */
export async function* lastObjects(archive: ArchiveStore, of: ArchivedPartition): AsyncGenerator<ChainEnd> {
  const folders = await archive.listFolders(sourceFolder(of));
  for (const folder of folders.toReversed()) {
    let last: { readonly name: string; readonly sizeBytes: number } | undefined;
    for await (const page of objectsIn(archive, of, folder)) last = page.at(-1);
    if (last === undefined) continue;
    const { name, sizeBytes } = last;
    yield { name, sizeBytes, range: parseMetadata(name, await archive.metadata(name)) };
  }
}

/**
 * The last object of the newest date, or null when nothing of the partition is archived. Where the broker's clock once
 * ran ahead there may be later ones, which the next put finds out.
 */
export async function findChainEnd(archive: ArchiveStore, of: ArchivedPartition): Promise<ChainEnd | null> {
  for await (const end of lastObjects(archive, of)) return end;
  return null;
}

/** The same whatever the clocks were, but through all dates. */
export async function findHighestEnd(archive: ArchiveStore, of: ArchivedPartition): Promise<ChainEnd | null> {
  let highest: ChainEnd | null = null;
  for await (const end of lastObjects(archive, of))
    if (highest === null || end.range.last > highest.range.last) highest = end;
  return highest;
}
