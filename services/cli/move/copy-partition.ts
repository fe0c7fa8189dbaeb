import { parseRequeue, requeueHeaders, saysRequeued } from '../../shared/control/requeue-record.ts';
import type { History, HistoryFilter } from '../../shared/history/port.ts';
import type { LogRecord, OutgoingRecord, Producer } from '../../shared/log/port.ts';
import { partitionOf } from '../../shared/partition.ts';
import type { Arrivals } from './arrivals.ts';
import { movedHeaders } from './moved-headers.ts';

/** A partition of the old namespace, and the topic of the new one that it goes into. */
export interface Copying {
  readonly from: string;
  readonly to: string;
  readonly partition: number;
  /** Of the old partition: what is below it is copied. */
  readonly end: number;
  /** How many partitions the new topic has. */
  readonly newPartitions: number;
}

/** What became of the records of an old partition. */
export interface Copied {
  readonly copied: number;
  /** An earlier run had brought them. */
  readonly there: number;
  /**
   * Records without a value, events that were requeued for an original that is not moved, and unclaimed events of which
   * the topic of their source has a copy.
   */
  readonly leftOut: number;
  /** The last origin that is in the new namespace; null when nothing of the partition is. */
  readonly lastOrigin: number | null;
}

export interface CopyDeps {
  readonly history: Pick<History, 'start' | 'read'>;
  readonly producer: Pick<Producer, 'send'>;
  readonly arrivals: Arrivals;
  readonly filter: HistoryFilter;
  /** Whether a record is left out because the topic of its source has a copy, which is moved there. */
  readonly isCopied: (partition: number, record: LogRecord) => boolean;
  /** Resolves when so many more records may be sent. */
  readonly pace: (records: number) => Promise<void>;
  /** Called for offsets that are done. */
  readonly done: (offsets: number) => void;
}

/**
 * No send holds records from both sides of a multiple of this, and each is acknowledged before the next is begun. So when
 * a record is in the new namespace, everything before the multiple below it is, too: a run that goes on begins to read
 * there. Another number would not know where runs of this one stopped.
 */
const BLOCK = 1_000;
const MAX_SEND_BYTES = 1_048_576;

/**
 * Copies a partition in its order, from where an earlier run stopped. What stopped in the middle of a send has brought the
 * records of some new partitions, and none of others: each record is sent unless its own new partition is past it.
 */
export async function copyPartition(of: Copying, deps: CopyDeps): Promise<Copied> {
  const { arrivals, done } = deps;
  const at = { topic: of.from, partition: of.partition };
  const highest = arrivals.highest(of.to, of.partition);
  const from = Math.max(await deps.history.start(at), Math.floor(Math.max(0, highest) / BLOCK) * BLOCK);
  let [copied, there, leftOut] = [0, 0, 0];
  let lastOrigin = highest;
  let batch: OutgoingRecord[] = [];
  let bytes = 0;
  let block = 0;
  let sending: Promise<unknown> = Promise.resolve();
  let passed = 0;

  const flush = async (): Promise<void> => {
    const sent = batch;
    batch = [];
    bytes = 0;
    await sending;
    if (sent.length === 0) return;
    await deps.pace(sent.length);
    sending = deps.producer.send(sent);
    // It is waited for before the next, or at the end: reading goes on meanwhile.
    sending.catch(() => undefined);
  };

  /** Of an event that was requeued, the place of its original is another one now; null where the original is not there. */
  const requeued = async (headers: LogRecord['headers'], partition: number) => {
    const target = parseRequeue(headers);
    if (target === null) return headers;
    const origin = { ...at, offset: target.offset };
    if (arrivals.placeOf(origin) === null) {
      await flush();
      await sending;
      await arrivals.look(of.to, of.from);
    }
    const place = arrivals.placeOf(origin);
    return place?.partition !== partition
      ? null
      : { ...headers, ...requeueHeaders({ ...target, offset: place.offset }) };
  };

  const take = async (record: LogRecord): Promise<void> => {
    const { key, value, headers, offset, timestamp } = record;
    const name = (key ?? '').toString();
    const partition = partitionOf(name, of.newPartitions);
    if (offset <= arrivals.last({ topic: of.to, partition }, of.partition)) {
      there += 1;
      return;
    }
    const ownHeaders = saysRequeued(headers) ? await requeued(headers, partition) : headers;
    if (value === null || ownHeaders === null || deps.isCopied(of.partition, record)) {
      leftOut += 1;
      return;
    }
    if (Math.floor(offset / BLOCK) !== block || bytes + value.length > MAX_SEND_BYTES) await flush();
    block = Math.floor(offset / BLOCK);
    bytes += value.length;
    const moved = movedHeaders({ ...at, offset }, timestamp);
    batch.push({ topic: of.to, partition, key: name, value, headers: { ...ownHeaders, ...moved } });
    copied += 1;
    lastOrigin = Math.max(lastOrigin, offset);
  };

  const pass = (next: number): void => {
    done(next - passed);
    passed = next;
  };
  for await (const records of deps.history.read({ ...at, from, to: of.end }, deps.filter)) {
    for (const record of records) await take(record);
    pass(records.at(-1)!.offset + 1);
  }
  await flush();
  await sending;
  pass(of.end);
  return { copied, there, leftOut, lastOrigin: lastOrigin < 0 ? null : lastOrigin };
}
