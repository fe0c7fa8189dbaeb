import { objectsFrom } from '../../shared/archive/chain.ts';
import { manifestNames, readManifest } from '../../shared/archive/manifest.ts';
import type { ArchivedPartition } from '../../shared/archive/object-name.ts';
import type { ObjectOpener } from '../../shared/archive/open-object.ts';
import type { ArchiveStore } from '../../shared/archive/port.ts';
import type { LogRecord } from '../../shared/log/port.ts';

/** Where the archive of a partition is cut, because what follows speaks of events that are lost. */
export interface Cut {
  /** The first offset of an object: it and those after it go. */
  readonly at: number;
  /** Their records. */
  readonly records: readonly LogRecord[];
}

export interface CutDeps {
  readonly archive: ArchiveStore;
  readonly opener: ObjectOpener;
}

/**
 * Looks through the objects of a partition for the first record that speaks of what is lost; null when none does. With
 * `keep`, gives the records from that object on.
 */
export async function findCut(
  of: ArchivedPartition,
  speaksOfLost: (record: LogRecord) => boolean,
  keep: boolean,
  { archive, opener }: CutDeps,
): Promise<Cut | null> {
  let at: number | null = null;
  const kept: LogRecord[] = [];
  for await (const entry of objectsFrom(archive, of, 0)) {
    const ofObject: LogRecord[] = [];
    const object = await opener.open(entry);
    for await (const records of object.pages(entry.first)) {
      if (at === null && records.some(speaksOfLost)) at = entry.first;
      if (keep) ofObject.push(...records);
    }
    if (at === null) continue;
    if (!keep) break;
    kept.push(...ofObject);
  }
  return at === null ? null : { at, records: kept };
}

/** Removes what is archived of a partition from an offset on, the last first, so that it is whole at any moment. */
export async function cutArchive(archive: ArchiveStore, of: ArchivedPartition, at: number): Promise<number> {
  const names: string[] = [];
  for await (const { name, first } of objectsFrom(archive, of, at)) if (first >= at) names.push(name);
  if (names.length === 0) return 0;
  // A manifest of what goes would call it missing; what follows gets one of its own.
  for (const name of [...(await manifestNames(archive, of))].reverse()) {
    if ((await readManifest(archive, of, name)).manifest.last < at) break;
    await archive.delete(name);
  }
  for (const name of names.reverse()) await archive.delete(name);
  return names.length;
}

const SNAPSHOT = /\/(\d{20})\.gz$/;

/** Removes the snapshots of a control topic that know more than is left of it. They can all be made again. */
export async function cutSnapshots(archive: ArchiveStore, topic: string, end: number): Promise<void> {
  const beyond: string[] = [];
  for await (const page of archive.list({ prefix: `control/${topic}/` }))
    for (const { name } of page) if (Number(SNAPSHOT.exec(name)?.[1] ?? 0) > end) beyond.push(name);
  for (const name of beyond) await archive.delete(name);
}
