import type { LogRecord, OutgoingRecord, Producer } from '../shared/log/port.ts';
import { eventsTopic, UNCLAIMED } from '../shared/topics.ts';
import { copyHeaders } from '../shared/unclaimed/copy-headers.ts';
import { createReadSource } from '../shared/unclaimed/waiting-events.ts';
import type { House } from './house.ts';

export interface CopyDeps {
  readonly house: Pick<House, 'namespace' | 'history'>;
  readonly producer: Producer;
  readonly source: string;
  /** How many records one send has at most. */
  readonly batch: number;
  /** Makes the source's topic, before anything is sent there. */
  readonly topicMade: () => Promise<void>;
  /** So many records of the topic of unclaimed events were looked at. */
  readonly onRead: (count: number) => void;
  /** All that wait below an offset of a partition are in the source's topic; so many of them were sent just now. */
  readonly reached: (partition: number, next: number, sent: number) => Promise<void>;
}

export interface CopyRange {
  readonly partition: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

const MAX_BYTES = 512 * 1_024;

function toCopy(
  topic: string,
  from: { topic: string; partition: number },
  record: LogRecord,
): OutgoingRecord {
  return {
    topic,
    key: (record.key ?? '').toString(),
    value: record.value!,
    headers: { ...record.headers, ...copyHeaders({ ...from, offset: record.offset }) },
  };
}

/**
 * Copies the events of a source out of a range of one partition of the topic of unclaimed events, under the same keys, and
 * says of each where it was.
 *
 * In order, and one batch at a time: each is sent when the log has acknowledged the one before. So whatever ends this, the
 * source's topic has what was copied from the beginning of the range on, without gaps; and where several copy at once, or
 * one begins again, a copy that is not above the highest that is there was there before. Rejects when log or archive do
 * not answer.
 */
export async function copyWaiting(deps: CopyDeps, { partition, from, to }: CopyRange): Promise<void> {
  const { producer, source, batch: most } = deps;
  const { namespace, history } = deps.house;
  const at = { topic: eventsTopic(namespace, UNCLAIMED), partition };
  const own = eventsTopic(namespace, source);
  const sourceOf = createReadSource();
  let batch: OutgoingRecord[] = [];
  let bytes = 0;

  const flush = async (next: number): Promise<void> => {
    const sent = batch.length;
    if (sent > 0) {
      await deps.topicMade();
      await producer.send(batch);
    }
    batch = [];
    bytes = 0;
    await deps.reached(partition, next, sent);
  };

  for await (const page of history.read({ ...at, from, to })) {
    for (const record of page) {
      if (sourceOf(record) !== source) continue;
      batch.push(toCopy(own, at, record));
      bytes += record.value!.length;
      if (batch.length >= most || bytes >= MAX_BYTES) await flush(record.offset + 1);
    }
    deps.onRead(page.length);
  }
  await flush(to);
}
