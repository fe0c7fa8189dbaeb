import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { sourceOfTopic } from '../../services/shared/topics.ts';
import { type WaitOptions, waitFor } from '../support/wait.ts';
import type { House } from './house.ts';

const DEADLINE_MS = 60_000;

/** By partition: the offset after the last archived one. */
async function archivedEnds(archive: ArchiveStore, source: string): Promise<ReadonlyMap<number, number>> {
  const ends = new Map<number, number>();
  for await (const page of archive.list({ prefix: `events/source=${source}/` }))
    for (const { name } of page) {
      const metadata = await archive.metadata(name);
      const partition = Number(name.split('+')[1]);
      ends.set(partition, Math.max(ends.get(partition) ?? 0, Number(metadata!.last) + 1));
    }
  return ends;
}

interface Kept {
  readonly namespace: string;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly archive: ArchiveStore;
}

/** Waits until the archive has everything that the log had of a topic when it was called. */
export async function archivedTopic(
  { namespace, log, archive }: Kept,
  topic: string,
  { timeoutMs = DEADLINE_MS, intervalMs = 200 }: Pick<WaitOptions, 'timeoutMs' | 'intervalMs'> = {},
): Promise<void> {
  const source = sourceOfTopic(namespace, topic);
  const wanted = await log.offsets(topic);
  const isArchived = async (): Promise<boolean> => {
    const ends = await archivedEnds(archive, source);
    return wanted.every(({ partition, end }) => (ends.get(partition) ?? 0) >= end);
  };
  await waitFor(isArchived, {
    message: `everything of ${topic} is archived`,
    timeoutMs,
    intervalMs,
  });
}

/** The same of both topics. */
export async function archived(house: House): Promise<void> {
  for (const topic of [house.topic, house.rekeyTopic]) await archivedTopic(house, topic);
}
