import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { createObjectOpener } from '../shared/archive/open-object.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import type { Control } from '../shared/control/port.ts';
import type { EventLog, GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import { archiverGroup, controlTopic, sourceOfTopic } from '../shared/topics.ts';
import { createArchiveErasing, NOTHING_ERASED } from './erasing.ts';
import { createLookout } from './lookout.ts';
import { createManifestWriter } from './manifests.ts';
import { createMembership, type Membership } from './membership.ts';
import { createArchiverMetrics } from './metrics.ts';
import { createObjectEncoder } from './object.ts';
import { createPartitionArchiver, type PartitionArchiver } from './partition.ts';

export interface ArchiverLimits {
  /** An object is cut when this many bytes of one partition wait, before compression. */
  readonly maxBytes: number;
  /** Or when the oldest has been waiting for this long. */
  readonly maxAgeMs: number;
  /** For the waiting records of all partitions. */
  readonly bufferBytes: number;
}

export interface ArchiverDeps {
  readonly log: EventLog;
  readonly archive: ArchiveStore;
  /** What is erased. */
  readonly control: Pick<Control, 'caughtUp' | 'erasures'>;
  readonly namespace: string;
  /** Of the namespace. */
  readonly topics: readonly string[];
  readonly limits: ArchiverLimits;
  readonly logger: Logger;
  readonly registry: Registry;
  /** The consumer is beyond recovery: end the process. */
  readonly failed: (error: Error) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds since some moment, by a clock that never goes back. */
  readonly elapsed?: () => number;
  /** How often the log is asked how far behind the archive is. */
  readonly lookMs?: number;
}

export interface Archiver {
  /** Joins the group. The topics must exist; the archive may be away. */
  run(): Promise<void>;
  /**
   * Archives a topic of a source that got it at run time, in a group of its own; nothing changes when that is so already.
   * The topic must exist. Rejects when the group cannot be joined; it may be asked again.
   */
  also(topic: string): Promise<void>;
  /** Puts what is buffered, as far as that goes in a few seconds, and leaves the group. */
  stop(): Promise<void>;
  notReady(): readonly string[];
  /** Each topic whose records the log may remove before they are archived. */
  degraded(): readonly string[];
}

const LONGEST_TICK_MS = 1_000;
const FLUSH_DEADLINE_MS = 8_000;
const LOOK_MS = 10_000;

/**
 * Puts every record of the topics into the archive.
 *
 * Guarantee: the objects of a partition form one chain from offset 0 on. Each offset is in exactly one of them, whatever
 * crashed, and whoever else believed to own the partition. For each partition:
 * 1. the group assigns it: it stays paused;
 * 2. the archive is asked where its chain ends, and the log whether it reaches back there; if not, the partition stops,
 *    with the missing offsets in the message, and the others go on;
 * 3. the partition is read from exactly there, into a buffer; a record that does not follow its predecessor stops it, and
 *    so does a log whose record before there is not the one that was archived: it was made anew under the old name;
 * 4. by bytes, by age or at the end of the process, the oldest records become one object, named after the first offset;
 * 5. it is put if nobody has put one of that name. Whose put is accepted decides where the chain goes on:
 * 6. ours: its records leave the buffer, and the offset is mirrored to the group, a hint on which nothing depends;
 *    another's: its end is read from its metadata, and we go on from there;
 * 7. what a person has had erased is put as a tombstone; decided while an object was on its way, it is erased there;
 * 8. once an object of another date follows, those before it get their manifest, put in the same way. Archiving does not
 *    wait for it.
 * A crash at any step loses only the buffer, which is read again in step 3. A put that is repeated, or comes late from a
 * member that lost the partition, either extends the chain or is refused in step 5. With the archive away, step 5 is
 * repeated with pauses, and partitions are paused, so that buffers stay within their limits.
 */
export function createArchiver(deps: ArchiverDeps): Archiver {
  const { log, namespace, limits, logger } = deps;
  const elapsed = deps.elapsed ?? (() => performance.now());
  const now = deps.now ?? Date.now;
  const encoder = createObjectEncoder(deps.control.erasures);
  const plainEncoder = createObjectEncoder();
  const erasing = createArchiveErasing({ ...deps, now });
  const opener = createObjectOpener(deps.archive);
  const partitions = new Map<string, PartitionArchiver>();
  let joined = false;
  let stopping = false;
  let ticking: NodeJS.Timeout | undefined;
  let lookouts: NodeJS.Timeout | undefined;

  const topics = new Set(deps.topics);
  const lookout = createLookout({
    log,
    namespace,
    topics: () => [...topics],
    partitions: () => [...partitions.values()],
    now,
    logger,
  });
  const metrics = createArchiverMetrics(deps.registry, lookout.backlog);
  const manifests = createManifestWriter({
    archive: deps.archive,
    logger,
    wrote: () => metrics.manifests.inc(),
  });

  /** Pauses what is full, and all of them above the common limit; from half of it on, the fullest are cut. */
  const balance = (): void => {
    const owned = [...partitions.values()];
    const total = owned.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const one of owned)
      one.setPaused(stopping || total >= limits.bufferBytes || one.sizeBytes >= limits.maxBytes);
    const idle = owned.filter(({ cutting }) => !cutting).sort((a, b) => b.sizeBytes - a.sizeBytes);
    let waiting = idle.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const one of idle) {
      if (waiting < limits.bufferBytes / 2 && one.sizeBytes < limits.maxBytes) return;
      waiting -= one.sizeBytes;
      void one.cut();
    }
  };

  const createPartition = (at: TopicPartition, consumer: GroupConsumer): PartitionArchiver => {
    const of = { source: sourceOfTopic(namespace, at.topic), topic: at.topic, partition: at.partition };
    const isControl = at.topic === controlTopic(namespace);
    return createPartitionArchiver({
      of,
      log,
      archive: deps.archive,
      consumer,
      encoder: isControl ? plainEncoder : encoder,
      erasing: isControl ? NOTHING_ERASED : erasing,
      opener,
      maxBytes: limits.maxBytes,
      logger,
      elapsed,
      created({ name, bytes, range }) {
        manifests.put(of, name);
        metrics.objects.inc({ source: of.source });
        metrics.records.inc({ source: of.source }, range.count);
        metrics.bytes.inc({ source: of.source }, bytes.length);
      },
      relieved: balance,
    });
  };

  /** One for the topics that are known from the start, and one for each that came since. */
  const memberships: Membership[] = [];
  const join = (groupId: string, of: readonly string[]): Membership => {
    const membership = createMembership({
      log,
      groupId,
      topics: of,
      partitions,
      createPartition,
      isStopping: () => stopping,
      assigned() {
        joined ||= of === deps.topics;
        void lookout.look();
      },
      appended: balance,
      failed: deps.failed,
    });
    memberships.push(membership);
    return membership;
  };
  const all = join(archiverGroup(namespace), deps.topics);

  return {
    async run() {
      lookouts = setInterval(() => void lookout.look(), deps.lookMs ?? LOOK_MS);
      ticking = setInterval(
        () => {
          for (const one of partitions.values()) one.cutIfOlder(limits.maxAgeMs);
        },
        Math.min(LONGEST_TICK_MS, limits.maxAgeMs / 4),
      );
      await all.run();
    },
    async also(topic) {
      if (stopping || topics.has(topic)) return;
      topics.add(topic);
      const one = join(`${archiverGroup(namespace)}.${sourceOfTopic(namespace, topic)}`, [topic]);
      try {
        await one.run();
      } catch (error) {
        topics.delete(topic);
        memberships.splice(memberships.indexOf(one), 1);
        await one.stop().catch(() => undefined);
        throw error;
      }
    },
    async stop() {
      stopping = true;
      clearInterval(ticking);
      clearInterval(lookouts);
      balance();
      const late = new AbortController();
      const deadline = sleep(FLUSH_DEADLINE_MS, undefined, { signal: late.signal }).catch(() => undefined);
      const flushed = Promise.all([...partitions.values()].map((one) => one.flush()));
      await Promise.race([deadline, flushed.then(manifests.settled)]);
      late.abort();
      await Promise.all(memberships.map((one) => one.stop()));
    },
    notReady() {
      if (!joined) return ['the archiver has not joined its group yet'];
      return [...new Set([...partitions.values()].flatMap(({ trouble }) => trouble ?? []))];
    },
    degraded: lookout.alarms,
  };
}
