import { findHighestEnd } from '../../shared/archive/chain-end.ts';
import type { ArchivedPartition } from '../../shared/archive/object-name.ts';
import type { ObjectOpener } from '../../shared/archive/open-object.ts';
import type { ArchiveStore } from '../../shared/archive/port.ts';
import { LecternError } from '../../shared/errors.ts';
import type { LogRecord, TopicSpec } from '../../shared/log/port.ts';
import { partitionOf } from '../../shared/partition.ts';
import { sourceOfTopic } from '../../shared/topics.ts';

/** Where the archive of a partition ends: the log goes on there. */
export interface ArchivedEnd {
  readonly of: ArchivedPartition;
  /** The offset after the last that is archived; 0 where nothing is. */
  readonly next: number;
  /** Of the last record, in milliseconds since 1970. */
  readonly timestamp: number;
}

export interface EndsDeps {
  readonly archive: ArchiveStore;
  readonly opener: ObjectOpener;
  readonly namespace: string;
}

/** Events lie in the partition of their key, so a wrong count of partitions shows in any object. */
function checkKeys(of: ArchivedPartition, count: number, records: readonly LogRecord[]): void {
  const isElsewhere = ({ key }: LogRecord): boolean =>
    key !== null && partitionOf(key.toString(), count) !== of.partition;
  if (!records.some(isElsewhere)) return;
  throw new LecternError(
    'CONFIG_INVALID',
    `LECTERN_PARTITIONS: it is ${count}, but what is archived of ${of.topic}/${of.partition} was put there by another number: set what the installation had`,
  );
}

async function endOf(
  of: ArchivedPartition,
  { archive, opener, namespace }: EndsDeps,
  count: number,
): Promise<ArchivedEnd> {
  const end = await findHighestEnd(archive, of);
  if (end === null) return { of, next: 0, timestamp: 0 };
  const isEvents = of.topic.startsWith(`${namespace}.events.`);
  const { name, range, sizeBytes } = end;
  const object = await opener.open({ name, first: range.first, sizeBytes });
  let timestamp = 0;
  for await (const records of object.pages(range.first)) {
    if (isEvents) checkKeys(of, count, records);
    timestamp = records.at(-1)!.timestamp;
  }
  return { of, next: range.last + 1, timestamp };
}

/** By topic and partition. Throws CONFIG_INVALID where events are archived that another number of partitions shared out. */
export async function findEnds(
  topics: readonly TopicSpec[],
  deps: EndsDeps,
): Promise<ReadonlyMap<string, readonly ArchivedEnd[]>> {
  const ends = new Map<string, readonly ArchivedEnd[]>();
  for (const { name: topic, partitions } of topics) {
    const source = sourceOfTopic(deps.namespace, topic);
    const ofTopic: ArchivedEnd[] = [];
    for (let partition = 0; partition < partitions; partition++)
      ofTopic.push(await endOf({ source, topic, partition }, deps, partitions));
    ends.set(topic, ofTopic);
  }
  return ends;
}
