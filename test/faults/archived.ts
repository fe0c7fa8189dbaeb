import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { waitFor } from '../support/wait.ts';
import { type House, SOURCE } from './house.ts';

const DEADLINE_MS = 60_000;

/** By partition: the offset after the last archived one. */
async function archivedEnds(archive: ArchiveStore): Promise<ReadonlyMap<number, number>> {
  const ends = new Map<number, number>();
  for await (const page of archive.list({ prefix: `events/source=${SOURCE}/` }))
    for (const { name } of page) {
      const metadata = await archive.metadata(name);
      const partition = Number(name.split('+')[1]);
      ends.set(partition, Math.max(ends.get(partition) ?? 0, Number(metadata!.last) + 1));
    }
  return ends;
}

/** Waits until the archive has everything that the log had when it was called. */
export async function archived({ log, topic, archive }: House): Promise<void> {
  const wanted = await log.offsets(topic);
  const isArchived = async (): Promise<boolean> => {
    const ends = await archivedEnds(archive);
    return wanted.every(({ partition, end }) => (ends.get(partition) ?? 0) >= end);
  };
  await waitFor(isArchived, { message: 'everything is archived', timeoutMs: DEADLINE_MS, intervalMs: 200 });
}
