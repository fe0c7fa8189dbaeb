import { Counter, type Registry } from 'prom-client';
import { findHighestEnd } from '../shared/archive/chain-end.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import type { Clock } from '../shared/clock.ts';
import { messageOf } from '../shared/errors.ts';
import type { Installation } from '../shared/installation.ts';
import type { EmbeddedLog } from '../shared/log/embedded-port.ts';
import type { TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import type { StateStore } from '../shared/state/port.ts';
import { eventsTopic, rekeyTopic, sourceOfTopic } from '../shared/topics.ts';

export interface TrimmingDeps {
  readonly log: EmbeddedLog;
  readonly archive: ArchiveStore;
  readonly state: Pick<StateStore, 'position'>;
  readonly namespace: string;
  readonly installation: Pick<Installation, 'topics' | 'archivedTopics'> & {
    readonly modules: readonly Pick<Module, 'id' | 'contexts' | 'rekeyed'>[];
  };
  /** How long the log keeps what the archive has, in milliseconds. */
  readonly retentionMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: Registry;
}

export interface Trimming {
  /** Trims once; what fails is tried again the next time. Never rejects. */
  trim(): Promise<void>;
  /** Trims once, and again and again from then on. */
  start(): void;
  /** Resolves when nothing is being removed any more. */
  stop(): Promise<void>;
}

const EVERY_MS = 10 * 60_000;
/** What a claim reads back to know duplicates is kept in the log, where it is quicker to read. */
const READ_BACK = 10_000;

/** By topic, the modules whose units read it. */
function readersOf({ installation, namespace }: TrimmingDeps): ReadonlyMap<string, readonly string[]> {
  const readers = new Map<string, string[]>();
  for (const { id, contexts, rekeyed } of installation.modules) {
    const topics = contexts.map((context) => eventsTopic(namespace, context));
    for (const topic of rekeyed ? [...topics, rekeyTopic(namespace, id)] : topics)
      readers.set(topic, [...(readers.get(topic) ?? []), id]);
  }
  return readers;
}

/**
 * Keeps the embedded log from growing for ever, as a broker's retention does on a cluster. A record is removed when it is
 * older than the retention and
 * - an object of the archive after it holds a later record: the archive is asked, and the last record that it holds stays in
 *   the log, by which one sees that both are of one history;
 * - every unit of every module that is installed has folded it, and 10,000 more.
 * Of the copies of dead letters, which nothing is built from, the age alone decides. What no archive takes is kept: a
 * partition whose archiving stopped, and all as long as the archive does not answer. Removing goes from the oldest on in
 * bounded steps; kill -9 in the middle leaves a log that begins a little later.
 */
export function createTrimming(deps: TrimmingDeps): Trimming {
  const { log, archive, state, namespace, installation, clock, logger } = deps;
  const readers = readersOf(deps);
  const archived = new Set(installation.archivedTopics);
  const removed = new Counter({
    name: 'lectern_log_trimmed_records_total',
    help: 'Records that were removed from the embedded log, because they are archived, folded and older than the retention.',
    registers: [deps.registry],
  });
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let endTicks = (): void => undefined;

  const folded = async (at: TopicPartition): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    for (const module of readers.get(at.topic) ?? [])
      least = Math.min(least, ((await state.position({ module, ...at }))?.next ?? 0) - READ_BACK);
    return least;
  };
  const archivedBelow = async (at: TopicPartition): Promise<number> => {
    if (!archived.has(at.topic)) return Number.POSITIVE_INFINITY;
    const of = { source: sourceOfTopic(namespace, at.topic), ...at };
    return (await findHighestEnd(archive, of))?.range.last ?? 0;
  };

  const trimPartition = async (at: TopicPartition, start: number): Promise<void> => {
    const old = log.offsetAt(at, clock.now() - deps.retentionMs);
    // Most have nothing that is old: then nobody else is asked.
    if (old <= start) return;
    const below = Math.min(old, await folded(at), await archivedBelow(at));
    if (below <= start) return;
    const count = await log.trim(at, below);
    removed.inc(count);
    logger.info({ ...at, count, start: below }, 'the log was trimmed');
  };

  const trimAll = async (): Promise<void> => {
    for (const { name: topic } of installation.topics)
      for (const { partition, start } of await log.offsets(topic)) {
        if (stopped) return;
        await trimPartition({ topic, partition }, start);
      }
  };
  const trim = (): Promise<void> => {
    running = running.then(() =>
      trimAll().catch((error: unknown) =>
        logger.warn({ error: messageOf(error) }, 'the log is not trimmed; it is tried again later'),
      ),
    );
    return running;
  };

  return {
    trim,
    start() {
      void trim();
      endTicks = clock.every(EVERY_MS, () => void trim());
    },
    async stop() {
      stopped = true;
      endTicks();
      await running;
    },
  };
}
