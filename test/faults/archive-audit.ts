import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { ArchiveFault } from '../../services/shared/archive/archive-fault.ts';
import { archivedSources } from '../../services/shared/archive/inventory.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { verifySource } from '../../services/shared/archive/verify.ts';
import { archivedTopic } from './archived.ts';
import { foldHealthy } from './fold.ts';
import type { Load } from './load.ts';
import { NO_EVENT } from './make-events.ts';
import { type HistoryOf, type HistoryRecord, readArchive, readLog } from './records.ts';
import { NOTHING, type Totals } from './totals.ts';

/** What `lectern archive verify --deep` finds in all sources. */
export async function faultsOf(archive: ArchiveStore): Promise<readonly ArchiveFault[]> {
  const opener = createObjectOpener(archive);
  const faults: ArchiveFault[] = [];
  for (const source of await archivedSources(archive))
    faults.push(...(await verifySource(source, { deep: true }, { archive, opener })).faults);
  return faults;
}

/** Fails unless the archive is whole and has, of each offset of the log, one record, which is the log's. */
export async function assertWhole(of: HistoryOf): Promise<ReadonlyMap<number, readonly HistoryRecord[]>> {
  assert.deepEqual(await faultsOf(of.archive), [], 'what is wrong with the archive');
  const [archived, logged] = [await readArchive(of), await readLog(of)];
  for (const [partition, records] of logged) {
    const own = archived.get(partition) ?? [];
    const wrong = records.find((record, index) => !isDeepStrictEqual(record, own[index]));
    assert.equal(
      wrong?.offset,
      undefined,
      `the first offset of ${of.topic}/${partition} that is archived otherwise`,
    );
    assert.equal(own.length, records.length, `records of ${of.topic}/${partition}`);
  }
  return archived;
}

/** As the load counts what it sends; a test may send something else besides. */
const isOfLoad = ({ event, value }: HistoryRecord): boolean =>
  event !== null || value.subarray(0, NO_EVENT.length).toString() === NO_EVENT;
const idOf = ({ event, value }: HistoryRecord): string => event?.id ?? value.toString().replace(NO_EVENT, '');

/**
 * Waits until everything of the topic is archived. Fails unless the archive is whole, has what was acknowledged, and folds
 * to the states that the log folds to.
 */
export async function auditArchive(
  of: HistoryOf,
  { acknowledged }: Pick<Load, 'acknowledged'>,
): Promise<Totals> {
  await archivedTopic(of, of.topic);
  const archived = await assertWhole(of);
  const totals = { ...NOTHING, acknowledged: acknowledged.size };
  const kept = new Set<string>();
  for (const [partition, records] of await readLog(of)) {
    const [byLog, byArchive] = [foldHealthy(records), foldHealthy(archived.get(partition) ?? [])];
    assert.deepEqual(byArchive, byLog, `the fold of ${of.topic}/${partition}`);
    for (const record of records) if (isOfLoad(record)) kept.add(idOf(record));
    totals.records += records.length;
    totals.duplicates += byArchive.duplicates;
    totals.folded += byArchive.folded;
    totals.deadLetters += byArchive.letters.size;
    totals.states += byArchive.states.size;
  }
  assert.deepEqual([...kept].sort(), [...acknowledged.keys()].sort(), 'the events that are kept');
  return totals;
}
