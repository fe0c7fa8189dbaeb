import { isDeepStrictEqual } from 'node:util';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { readContainer } from '../../services/shared/avro.ts';
import { createEventCodec, type Envelope } from '../../services/shared/event.ts';
import type { EventLog, LogRecord } from '../../services/shared/log/port.ts';
import { sourceOfTopic } from '../../services/shared/topics.ts';

/** What is kept of a record. */
interface Kept {
  readonly key: string | null;
  readonly value: Buffer;
  readonly headers: LogRecord['headers'];
}

/** A record as archive or log hold it. */
export interface HistoryRecord extends Kept {
  readonly offset: number;
  /** Null when it is none. */
  readonly event: Envelope | null;
}

interface ArchivedRecord extends Pick<LogRecord, 'key' | 'value' | 'headers'> {
  readonly partition: number;
  readonly offset: number;
}

const codec = createEventCodec();

const toKept = ({ key, value, headers }: Pick<LogRecord, 'key' | 'value' | 'headers'>): Kept => ({
  key: key === null ? null : key.toString(),
  value: value!,
  headers,
});

function toRecord(offset: number, kept: Kept): HistoryRecord {
  const decoded = codec.decode(kept.value);
  return { offset, ...kept, event: decoded.kind === 'ok' ? decoded.value : null };
}

/** The records of the objects of a source, by partition and offset. Throws where an offset is there twice. */
async function readArchived(archive: ArchiveStore, source: string): Promise<Map<number, Map<number, Kept>>> {
  const partitions = new Map<number, Map<number, Kept>>();
  for await (const page of archive.list({ prefix: `events/source=${source}/` }))
    for (const { name } of page)
      for (const record of await readContainer<ArchivedRecord>((await archive.get(name))!.bytes)) {
        const offsets = partitions.get(record.partition) ?? new Map<number, Kept>();
        partitions.set(record.partition, offsets);
        const offset = Number(record.offset);
        if (offsets.has(offset))
          throw new Error(`${source}/${record.partition}: ${offset} is archived twice`);
        offsets.set(offset, toKept(record));
      }
  return partitions;
}

/** Puts into `values` what the log holds of a partition. Throws where the archive has something else. */
async function addLogged(
  log: EventLog,
  at: { readonly topic: string; readonly partition: number; readonly from: number; readonly to: number },
  values: Map<number, Kept>,
): Promise<void> {
  for await (const page of log.read(at))
    for (const record of page) {
      const { offset } = record;
      const [kept, archived] = [toKept(record), values.get(offset)];
      if (archived !== undefined && !isDeepStrictEqual(archived, kept))
        throw new Error(`${at.topic}/${at.partition}: the archive has another record at offset ${offset}`);
      values.set(offset, kept);
    }
}

export interface HistoryOf {
  readonly log: EventLog;
  readonly archive: ArchiveStore;
  readonly namespace: string;
  readonly topic: string;
}

const inOrder = (records: ReadonlyMap<number, Kept>): HistoryRecord[] =>
  [...records].sort(([a], [b]) => a - b).map(([offset, kept]) => toRecord(offset, kept));

/** Every record of a topic that the archive holds, by partition, in the order of their offsets. */
export async function readArchive(of: HistoryOf): Promise<ReadonlyMap<number, readonly HistoryRecord[]>> {
  const archived = await readArchived(of.archive, sourceOfTopic(of.namespace, of.topic));
  return new Map([...archived].map(([partition, records]) => [partition, inOrder(records)]));
}

/** The same of the log. */
export async function readLog({
  log,
  topic,
}: HistoryOf): Promise<ReadonlyMap<number, readonly HistoryRecord[]>> {
  const partitions = new Map<number, readonly HistoryRecord[]>();
  for (const { partition, start, end } of await log.offsets(topic)) {
    const records = new Map<number, Kept>();
    if (end > start) await addLogged(log, { topic, partition, from: start, to: end }, records);
    partitions.set(partition, inOrder(records));
  }
  return partitions;
}

/** Every record of a topic by partition, wherever it is. Throws unless every offset from 0 to the log's end is there. */
export async function readRecords(of: HistoryOf): Promise<ReadonlyMap<number, readonly HistoryRecord[]>> {
  const { log, archive, namespace, topic } = of;
  const archived = await readArchived(archive, sourceOfTopic(namespace, topic));
  const partitions = new Map<number, HistoryRecord[]>();
  for (const { partition, start, end } of await log.offsets(topic)) {
    const values = archived.get(partition) ?? new Map<number, Kept>();
    if (end > start) await addLogged(log, { topic, partition, from: start, to: end }, values);
    const records = inOrder(values);
    const missing = records.findIndex(({ offset }, index) => offset !== index);
    if (missing >= 0 || records.length !== end)
      throw new Error(
        `${topic}/${partition}: ${records.length} records for ${end} offsets, the first gap at ${missing}`,
      );
    partitions.set(partition, records);
  }
  return partitions;
}
