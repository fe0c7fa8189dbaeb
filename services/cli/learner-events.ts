import { createRecordLine } from '../shared/archive/archived-lines.ts';
import { archivedSources, type ListedObject, takeInventory } from '../shared/archive/inventory.ts';
import type { ArchivedPartition } from '../shared/archive/object-name.ts';
import { createObjectOpener } from '../shared/archive/open-object.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { readArchivedErasures } from '../shared/erasing/archived-erasures.ts';
import { isTombstone } from '../shared/erasing/erased-record.ts';
import type { LogRecord, TopicPartition } from '../shared/log/port.ts';
import { partitionOf } from '../shared/partition.ts';
import { BLOBS, eventsTopic, UNCLAIMED } from '../shared/topics.ts';
import type { House } from './house.ts';
import type { Progress } from './progress.ts';

/** One event a line: `{kind: 'event', topic, partition, offset, ...}`, as `lectern archive cat` prints them. */
type Lines = AsyncGenerator<string>;

const isOf = (learner: string, record: LogRecord): boolean =>
  record.key?.toString() === learner && !isTombstone(record);

function createEventLine(): (at: TopicPartition, record: LogRecord) => string {
  const recordLine = createRecordLine();
  return (at, record) => `{"kind":"event",${recordLine(at, record).slice(1)}`;
}

interface Range extends TopicPartition {
  readonly from: number;
  readonly to: number;
}

/** Where a learner's events are: of each source in one partition. */
async function rangesOf(
  { namespace, sources, log, history, archive }: House,
  learner: string,
): Promise<readonly Range[]> {
  // A source that is not installed any more may still be archived.
  const all = new Set([...sources, BLOBS, UNCLAIMED, ...(await archivedSources(archive))]);
  const ranges: Range[] = [];
  for (const source of all) {
    const topic = eventsTopic(namespace, source);
    const partitions = (await log.partitionCount(topic)) ?? 0;
    if (partitions === 0) continue;
    const at = { topic, partition: partitionOf(learner, partitions) };
    const end = (await log.offsets(topic)).find(({ partition }) => partition === at.partition)?.end ?? 0;
    if (end > 0) ranges.push({ ...at, from: await history.start(at), to: end });
  }
  return ranges;
}

/** Every event of a learner that archive and log have, of all sources, saved blobs and events that nobody claimed too. */
export async function* learnerEvents(house: House, learner: string, progress: Progress): Lines {
  const ranges = await rangesOf(house, learner);
  const eventLine = createEventLine();
  progress.expect(ranges.reduce((sum, { from, to }) => sum + to - from, 0));
  for (const range of ranges)
    for await (const page of house.history.read(range)) {
      for (const record of page) if (isOf(learner, record)) yield eventLine(range, record);
      progress.done(page.length);
    }
}

interface Archived {
  readonly of: ArchivedPartition;
  readonly objects: readonly ListedObject[];
}

/** The partitions of an archive that have events: of other topics the key is not the learner. */
async function* archivedPartitions(archive: ArchiveStore): AsyncGenerator<Archived> {
  for (const source of await archivedSources(archive))
    for (const one of (await takeInventory(archive, source)).partitions)
      if (one.of.topic.endsWith(eventsTopic('', source))) yield one;
}

/** The same of an archive alone, with nothing else there: what is archived by now. */
export async function* archivedEvents(archive: ArchiveStore, learner: string, progress: Progress): Lines {
  const eraserOf = await readArchivedErasures(archive);
  const opener = createObjectOpener(archive);
  const eventLine = createEventLine();

  async function* linesOf({ of }: Archived, object: ListedObject): Lines {
    const { erase } = eraserOf(of.topic);
    const opened = await opener.open(object);
    for await (const page of opened.pages(0))
      for (const record of page)
        if (isOf(learner, record) && isOf(learner, erase(record))) yield eventLine(of, record);
    progress.done(1);
  }

  for await (const one of archivedPartitions(archive)) {
    progress.expect(one.objects.length);
    for (const object of one.objects) yield* linesOf(one, object);
  }
}
