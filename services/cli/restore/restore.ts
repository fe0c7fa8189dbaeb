import { createObjectOpener } from '../../shared/archive/open-object.ts';
import type { ArchiveStore } from '../../shared/archive/port.ts';
import { parseControlRecord } from '../../shared/control/record.ts';
import type { Installation } from '../../shared/installation.ts';
import type { EmbeddedLog } from '../../shared/log/embedded-port.ts';
import type { LogRecord } from '../../shared/log/port.ts';
import { controlTopic, sourceOfTopic } from '../../shared/topics.ts';
import { originOf } from '../../worker/rekey-origin.ts';
import { type ArchivedEnd, findEnds } from './archived-ends.ts';
import { type Cut, cutArchive, cutSnapshots, findCut } from './cuts.ts';

export interface RestoreDeps {
  readonly log: EmbeddedLog;
  readonly archive: ArchiveStore;
  readonly namespace: string;
  readonly installation: Pick<Installation, 'topics' | 'archivedTopics'>;
}

/** A partition as it goes on. */
export interface RestoredPartition {
  readonly topic: string;
  readonly partition: number;
  /** The offset of the next record. */
  readonly next: number;
}

type Ends = ReadonlyMap<string, readonly ArchivedEnd[]>;

const nextIn = (ends: Ends, topic: string, partition: number): number =>
  ends.get(topic)?.[partition]?.next ?? Number.POSITIVE_INFINITY;

/** What is archived under other keys may be ahead of the events that it was made of. */
async function cutRekeyed(
  ends: Ends,
  topics: readonly string[],
  deps: Parameters<typeof findCut>[3],
): Promise<Ends> {
  const cut = new Map(ends);
  const isLost = ({ headers }: LogRecord): boolean => {
    const origin = originOf(headers);
    return origin !== null && origin.offset >= nextIn(ends, origin.topic, origin.partition);
  };
  for (const topic of topics) {
    const left: ArchivedEnd[] = [];
    for (const end of ends.get(topic)!) {
      const found = await findCut(end.of, isLost, false, deps);
      left.push(found === null ? end : { ...end, next: found.at });
    }
    cut.set(topic, left);
  }
  return cut;
}

/** A verdict on an event that is lost must not be taken for one on the event that gets its offset. */
function speaksOfLost(ends: Ends): (record: LogRecord) => boolean {
  return ({ value }) => {
    const parsed = parseControlRecord(value);
    if (parsed.outcome !== 'taken' || parsed.record.kind !== 'left-out') return false;
    return parsed.record.offset >= nextIn(ends, parsed.record.topic, parsed.record.partition);
  };
}

const toBegun = ({ next, timestamp }: ArchivedEnd, records: readonly LogRecord[]) => ({
  start: next,
  timestamp,
  records: records.map(({ key, value, headers }) => ({
    key: (key ?? '').toString(),
    value: value!,
    headers,
  })),
});

/** Has the archive end where the log begins. May be repeated, as long as nothing was archived since. */
async function cutToLog({ log, archive, namespace, installation }: RestoreDeps): Promise<void> {
  for (const topic of installation.archivedTopics)
    for (const { partition, start } of await log.offsets(topic))
      await cutArchive(archive, { source: sourceOfTopic(namespace, topic), topic, partition }, start);
  const [control] = await log.offsets(controlTopic(namespace));
  await cutSnapshots(archive, controlTopic(namespace), control!.start);
}

/**
 * Makes the log of an installation go on where its archive ends: then offsets and archive go on, and units fold the archive
 * anew. What was not archived yet is lost with the machine. Partitions are archived each by itself, so some may be ahead of
 * what they speak of, and are brought back to it:
 * - records under other keys, of events that are lost, are cut off with their objects: workers publish what is left again;
 * - verdicts on events that are lost are left out; what else was decided in their objects is appended again.
 * The log is made in one transaction, before anything is cut. Interrupted, it is called again, before the product runs.
 */
export async function restore(deps: RestoreDeps): Promise<readonly RestoredPartition[]> {
  const { log, archive, namespace, installation } = deps;
  const control = controlTopic(namespace);
  const archived = new Set(installation.archivedTopics);
  const opener = createObjectOpener(archive);
  if ((await log.partitionCount(control)) === null) {
    const specs = installation.topics.filter(({ name }) => archived.has(name));
    const found = await findEnds(specs, { archive, opener, namespace });
    const rekeyed = specs.map(({ name }) => name).filter((name) => name.startsWith(`${namespace}.rekey.`));
    const ends = await cutRekeyed(found, rekeyed, { archive, opener });
    const isLost = speaksOfLost(ends);
    const [controlEnd] = ends.get(control)!;
    const cut: Cut | null = await findCut(controlEnd!.of, isLost, true, { archive, opener });
    const decided = (cut?.records ?? []).filter((record) => !isLost(record) && record.value !== null);
    await log.begin(
      installation.topics.map(({ name, partitions }) => ({
        name,
        partitions: Array.from({ length: partitions }, (_, partition) => {
          const end = ends.get(name)?.[partition];
          if (end === undefined) return { start: 0, timestamp: 0, records: [] };
          if (name !== control || cut === null) return toBegun(end, []);
          return toBegun({ ...end, next: cut.at }, decided);
        }),
      })),
    );
  }
  await cutToLog(deps);
  return (
    await Promise.all(
      installation.archivedTopics.map(async (topic) =>
        (await log.offsets(topic)).map(({ partition, end }) => ({ topic, partition, next: end })),
      ),
    )
  ).flat();
}
