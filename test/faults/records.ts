import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { readContainer } from '../../services/shared/avro.ts';
import { createEventCodec, type Envelope } from '../../services/shared/event.ts';
import type { EventLog } from '../../services/shared/log/port.ts';

/** A record as archive or log hold it. */
export interface HistoryRecord {
  readonly offset: number;
  readonly value: Buffer;
  /** Null when it is none. */
  readonly event: Envelope | null;
}

interface ArchivedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: Buffer;
}

const codec = createEventCodec();

function toRecord(offset: number, value: Buffer): HistoryRecord {
  const decoded = codec.decode(value);
  return { offset, value, event: decoded.kind === 'ok' ? decoded.value : null };
}

/** The records of the objects of a source, by partition and offset. Throws where an offset is there twice. */
async function readArchived(
  archive: ArchiveStore,
  source: string,
): Promise<Map<number, Map<number, Buffer>>> {
  const partitions = new Map<number, Map<number, Buffer>>();
  for await (const page of archive.list({ prefix: `events/source=${source}/` }))
    for (const { name } of page)
      for (const record of await readContainer<ArchivedRecord>((await archive.get(name))!.bytes)) {
        const offsets = partitions.get(record.partition) ?? new Map<number, Buffer>();
        partitions.set(record.partition, offsets);
        const offset = Number(record.offset);
        if (offsets.has(offset))
          throw new Error(`${source}/${record.partition}: ${offset} is archived twice`);
        offsets.set(offset, record.value);
      }
  return partitions;
}

/** Puts into `values` what the log holds of a partition. Throws where the archive has something else. */
async function addLogged(
  log: EventLog,
  at: { readonly topic: string; readonly partition: number; readonly from: number; readonly to: number },
  values: Map<number, Buffer>,
): Promise<void> {
  for await (const page of log.read(at))
    for (const { offset, value } of page) {
      const archived = values.get(offset);
      if (archived !== undefined && !archived.equals(value!))
        throw new Error(`${at.topic}/${at.partition}: the archive has another record at offset ${offset}`);
      values.set(offset, value!);
    }
}

export interface HistoryOf {
  readonly log: EventLog;
  readonly archive: ArchiveStore;
  readonly topic: string;
  readonly source: string;
}

/** Every record of a topic by partition, wherever it is. Throws unless every offset from 0 to the log's end is there. */
export async function readRecords(of: HistoryOf): Promise<ReadonlyMap<number, readonly HistoryRecord[]>> {
  const { log, archive, topic, source } = of;
  const archived = await readArchived(archive, source);
  const partitions = new Map<number, HistoryRecord[]>();
  for (const { partition, start, end } of await log.offsets(topic)) {
    const values = archived.get(partition) ?? new Map<number, Buffer>();
    if (end > start) await addLogged(log, { topic, partition, from: start, to: end }, values);
    const records = [...values].sort(([a], [b]) => a - b).map(([offset, value]) => toRecord(offset, value));
    const missing = records.findIndex(({ offset }, index) => offset !== index);
    if (missing >= 0 || records.length !== end)
      throw new Error(
        `${topic}/${partition}: ${records.length} records for ${end} offsets, the first gap at ${missing}`,
      );
    partitions.set(partition, records);
  }
  return partitions;
}
