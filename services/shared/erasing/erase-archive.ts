import pMap from 'p-map';
import { archivedSources, takeInventory } from '../archive/inventory.ts';
import { namedChanges, type ObjectChange, readChange } from '../archive/object-change.ts';
import type { ArchivedPartition } from '../archive/object-name.ts';
import { parseMetadata } from '../archive/object-range.ts';
import type { ArchiveStore } from '../archive/port.ts';
import type { NumberedErasure } from '../control/erasure-record.ts';
import { eventsTopic, rekeyTopic } from '../topics.ts';
import { createObjectEraser } from './erase-object.ts';
import type { Erasures } from './erasures.ts';
import { isConcerned } from './unit-mark.ts';

export interface EraseArchiveDeps {
  readonly archive: ArchiveStore;
  readonly erasures: Erasures;
  readonly namespace: string;
  /** Of a topic in the log; null when it is not there. */
  readonly partitionCount: (topic: string) => Promise<number | null>;
  readonly now: () => number;
  /** Called with how many more objects there are to look at, then for each that was looked at. */
  readonly onTotal?: (objects: number) => void;
  readonly onObject?: () => void;
}

interface Found {
  readonly of: ArchivedPartition;
  readonly name: string;
}

/** The second is for what was put during the first. There is always something new where much is archived. */
const PASSES = 2;
/** Objects are read and written so many at a time. */
const AT_ONCE = 4;

const isOfNamespace = (namespace: string, topic: string): boolean =>
  topic.startsWith(eventsTopic(namespace, '')) || topic.startsWith(rekeyTopic(namespace, ''));

/** The partitions of an archive in which a learner may have records. */
async function* partitionsOf(deps: EraseArchiveDeps, { keyHash }: Pick<NumberedErasure, 'keyHash'>) {
  const { archive, namespace } = deps;
  for (const source of await archivedSources(archive))
    for (const { of, objects } of (await takeInventory(archive, source)).partitions) {
      if (!isOfNamespace(namespace, of.topic)) continue;
      const isRekey = of.topic.startsWith(rekeyTopic(namespace, ''));
      const partitions = isRekey ? null : await deps.partitionCount(of.topic);
      if (partitions === null || isConcerned(of, { isRekey, partitions }, keyHash)) yield { of, objects };
    }
}

/**
 * Rewrites every archived object that has records of an erased learner. Whatever is put once the erasure is decided is for
 * the archivers to put without, and to look at again where it was on its way; what is put while this runs is looked at
 * here, too. It may be ended at any moment and run again,
 * or several at a time: what is done is not done again.
 */
export async function eraseArchive(deps: EraseArchiveDeps, erasure: NumberedErasure): Promise<void> {
  const { archive, erasures, now } = deps;
  const eraser = createObjectEraser({ archive, erasures, now });
  const seen = new Set<string>();

  const look = async ({ of, name }: Found): Promise<void> => {
    const metadata = await archive.metadata(name);
    const known = metadata === null ? null : (parseMetadata(name, metadata).erasures ?? 0);
    if (known !== null && known < erasure.number) await eraser.erase(of, name);
    deps.onObject?.();
  };

  for (let pass = 1; pass <= PASSES; pass++) {
    const found: Found[] = [];
    for await (const { of, objects } of partitionsOf(deps, erasure))
      for (const { name } of objects) if (!seen.has(name)) found.push({ of, name });
    if (found.length === 0) return;
    for (const { name } of found) seen.add(name);
    deps.onTotal?.(found.length);
    await pMap(found, look, { concurrency: AT_ONCE });
  }
}

/** What was changed in the archive to erase a learner, whoever did it. */
export async function changesFor(
  deps: EraseArchiveDeps,
  erasure: NumberedErasure,
): Promise<readonly ObjectChange[]> {
  const changes: ObjectChange[] = [];
  for await (const { of } of partitionsOf(deps, erasure)) {
    const told = new Set<string>();
    for await (const { name, erasures } of namedChanges(deps.archive, of)) {
      const change = erasures < erasure.number ? null : await readChange(deps.archive, name);
      if (change === null || change.erased[erasure.learner] === undefined) continue;
      // One that was begun by somebody who ended, and made by another, is told once.
      if (told.has(`${change.name} ${change.from.sha256}`)) continue;
      told.add(`${change.name} ${change.from.sha256}`);
      changes.push(change);
    }
  }
  return changes;
}
