import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { createArchiver } from '../../services/archiver/archiver.ts';
import { type MoveReport, moveHouse } from '../../services/cli/move/move.ts';
import type { Move } from '../../services/cli/move/move-record.ts';
import { openSource, type SourceChoice } from '../../services/cli/move/open-source.ts';
import { openTarget } from '../../services/cli/move/open-target.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { createControl, type OpenControl } from '../../services/shared/control/control.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog, LogRecord, OutgoingRecord } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { controlTopic, eventsTopic } from '../../services/shared/topics.ts';
import { collect } from '../support/collect.ts';
import { eventRecord } from '../support/events.ts';
import { nothingErased } from '../support/nothing-erased.ts';
import { waitFor } from '../support/wait.ts';
import { historyOf } from './cli-house.ts';

/** Installations in data directories, one of which is moved into another. */

export const OLD = 'old';
export const NEW = 'new';
const SOURCE = 'caliper';
export const OLD_TOPIC = eventsTopic(OLD, SOURCE);
export const NEW_TOPIC = eventsTopic(NEW, SOURCE);
const OLD_PARTITIONS = 4;
export const NEW_PARTITIONS = 3;
const logger = createLogger({ service: 'test', level: 'silent' });

export const newDir = (): string => mkdtempSync(join(tmpdir(), 'move-'));

/** Opens the log of a data directory for as long as `look` runs. */
export async function inLog<T>(dataDir: string, look: (log: EventLog) => Promise<T>): Promise<T> {
  const env = await openEmbedded({ dataDir });
  const log = createEmbeddedLog({ env });
  try {
    return await look(log);
  } finally {
    await log.close();
    await env.close();
  }
}

export async function withControl<T>(
  log: EventLog,
  namespace: string,
  work: (control: OpenControl) => Promise<T>,
): Promise<T> {
  const control = createControl({ log, history: historyOf(log), namespace, logger });
  try {
    await control.caughtUp();
    return await work(control);
  } finally {
    await control.close();
  }
}

/** Event number n, of one of some students. */
const event = (n: number, students = 20): OutgoingRecord =>
  eventRecord({ namespace: OLD, source: SOURCE, student: `s${n % students}`, id: `e${n}`, fields: { n } });

/** An old installation with so many events, not archived. */
export async function makeOld(count: number): Promise<string> {
  const dataDir = newDir();
  await addEvents(dataDir, 0, count);
  return dataDir;
}

export function addEvents(dataDir: string, from: number, to: number): Promise<void> {
  return inLog(dataDir, async (log) => {
    await log.ensureTopics([
      { name: OLD_TOPIC, partitions: OLD_PARTITIONS },
      { name: controlTopic(OLD), partitions: 1 },
    ]);
    const producer = await log.createProducer();
    await producer.send(Array.from({ length: to - from }, (_, index) => event(from + index)));
  });
}

/** Puts all that the log holds into its archive. */
export function archiveOld(dataDir: string, topics: readonly string[] = [OLD_TOPIC]): Promise<void> {
  return inLog(dataDir, async (log) => {
    const archive = createDirectoryArchive({ root: join(dataDir, 'archive') });
    const archiver = createArchiver({
      log,
      archive,
      control: nothingErased,
      namespace: OLD,
      topics,
      limits: { maxBytes: 65_536, maxAgeMs: 50, bufferBytes: 1_048_576 },
      logger,
      registry: new Registry(),
      failed: (error) => {
        throw error;
      },
    });
    await archiver.run();
    const ends = (await Promise.all(topics.map((topic) => log.offsets(topic)))).flat();
    const total = ends.reduce((sum, { end }) => sum + end, 0);
    await waitFor(
      async () => {
        const mirrored = await Promise.all(topics.map((topic) => log.mirrored(`${OLD}.archiver`, topic)));
        const done = mirrored.flatMap((one) => [...one.values()]).reduce((sum, next) => sum + next, 0);
        return done >= total;
      },
      { message: 'everything is archived' },
    );
    await archiver.stop();
  });
}

export interface Moved extends Partial<Omit<Move, 'kind' | 'namespace'>> {
  readonly choice?: Partial<SourceChoice>;
  readonly keys?: ReadonlySet<string>;
  /** What the new log is made to do instead of what it does. */
  readonly log?: (log: EventLog) => EventLog;
}

/** Moves an installation into a data directory, as the command does. */
export async function moveInto(oldDir: string, newDataDir: string, given: Moved = {}): Promise<MoveReport> {
  const { sources = null, from = null, to = null, student = null } = given;
  const choice = { dir: oldDir, namespace: OLD, archiveOnly: false, ...given.choice };
  const source = await openSource(choice, {}, logger);
  const target = await openTarget(NEW, NEW_PARTITIONS, { LECTERN_DATA_DIR: newDataDir }, logger);
  try {
    return await moveHouse(
      {
        source,
        target: { ...target, log: given.log?.(target.log) ?? target.log },
        clock: systemClock,
        progress: { expect: () => undefined, done: () => undefined },
      },
      {
        move: { kind: 'moved-in', namespace: OLD, sources, from, to, student },
        filter: student === null ? {} : { keys: new Set([student]) },
        rate: undefined,
      },
    );
  } finally {
    await target.close();
    await source.close();
  }
}

/** Every record of a topic, by partition and offset. */
export function recordsIn(dataDir: string, topic: string): Promise<(LogRecord & { partition: number })[]> {
  return inLog(dataDir, async (log) => {
    const all: (LogRecord & { partition: number })[] = [];
    for (const { partition, start, end } of await log.offsets(topic))
      for (const record of await collect(log.read({ topic, partition, from: start, to: end })))
        all.push({
          ...record,
          partition,
          value: record.value && Buffer.from(record.value),
          key: record.key && Buffer.from(record.key),
        });
    return all;
  });
}
