import { type ArchivedPartition, dateOfName, offsetOfName } from './object-name.ts';
import type { ArchiveEntry, ArchiveStore } from './port.ts';

/** What an archive holds of a source, as its listing shows it. */
export interface Inventory {
  readonly source: string;
  readonly partitions: readonly PartitionInventory[];
  /** Names that no archiver gave. */
  readonly foreign: readonly string[];
}

export interface PartitionInventory {
  readonly of: ArchivedPartition;
  /** In the order of the offsets that their names say. */
  readonly objects: readonly ListedObject[];
}

export interface ListedObject extends ArchiveEntry {
  /** The offset that the name says. */
  readonly first: number;
  /** The folder's, `YYYY-MM-DD`. */
  readonly date: string;
}

export interface InventoryRange {
  /** Dates `YYYY-MM-DD`, inclusive: of folders, so of each object's first record. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

const EVENTS = 'events/';
/** `<topic>+<partition>+<first offset>.avro`; topics have no plus. */
const NAME = /^([^+]+)\+(\d{1,9})\+(.+)$/;

/** The sources of which something is archived. */
export async function archivedSources(archive: ArchiveStore): Promise<readonly string[]> {
  const folders = await archive.listFolders(EVENTS);
  return folders.flatMap((folder) => /^events\/source=(.+)\/$/.exec(folder)?.[1] ?? []);
}

/** Holds all names of the source in memory, some 100 bytes each. */
export async function takeInventory(
  archive: ArchiveStore,
  source: string,
  { from = '', to = '9' }: InventoryRange = {},
): Promise<Inventory> {
  const partitions = new Map<string, { of: ArchivedPartition; objects: ListedObject[] }>();
  const foreign: string[] = [];

  function note(entry: ArchiveEntry, folder: string, date: string | null): void {
    const [, topic, partition, end = ''] = NAME.exec(entry.name.slice(folder.length)) ?? [];
    const first = offsetOfName(end);
    if (first === null || date === null) return void foreign.push(entry.name);
    const known = partitions.get(`${topic}+${partition}`) ?? {
      of: { source, topic: topic!, partition: Number(partition) },
      objects: [],
    };
    partitions.set(`${topic}+${partition}`, known);
    known.objects.push({ ...entry, first, date });
  }

  for (const folder of await archive.listFolders(`${EVENTS}source=${source}/`)) {
    const date = dateOfName(folder);
    if (date !== null && (date < from || date > to)) continue;
    for await (const page of archive.list({ prefix: folder }))
      for (const entry of page) note(entry, folder, date);
  }
  for (const { objects } of partitions.values()) objects.sort((a, b) => a.first - b.first);
  const found = [...partitions.values()].sort(
    (a, b) => a.of.topic.localeCompare(b.of.topic) || a.of.partition - b.of.partition,
  );
  return { source, partitions: found, foreign };
}
