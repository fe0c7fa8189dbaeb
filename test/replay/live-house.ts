import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { createArchiver } from '../../services/archiver/archiver.ts';
import { findLetters } from '../../services/cli/find-letters.ts';
import type { House } from '../../services/cli/house.ts';
import { requeueLetters } from '../../services/cli/requeue-letters.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { createControl } from '../../services/shared/control/control.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { Module } from '../../services/shared/module.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import { controlTopic, deadLettersTopic, eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { createWorker, type WorkerLimits } from '../../services/worker/worker.ts';
import { eventRecord } from '../support/events.ts';
import { testRun } from '../support/test-run.ts';
import { unattributed } from '../support/unattributed.ts';
import { waitFor } from '../support/wait.ts';
import { logAlone } from '../support/worker-house.ts';
import { A, B } from './module.ts';

const NAMESPACE = 'school';
const PARTITIONS = 3;

export const limits: WorkerLimits = {
  checkpointMs: 20,
  cacheBytes: 1_000_000,
  maxStateBytes: 1_048_576,
  budgetMs: 400,
  breaker: { share: 1, letters: 1_000_000, windowMs: 60_000, open: 1_000_000 },
};

export interface Sent {
  readonly n: number;
  readonly source?: string;
  readonly student?: string;
  readonly id?: string;
  readonly session?: string;
  readonly sequence?: number;
}

const STUDENTS = 7;
const DOCS = 3;
const CLASSES = 2;

export const studentOf = (n: number): string => `student-${n % STUDENTS}`;

/** An event of a student in a class, about one of their documents. */
export function record({ n, source, student, ...more }: Sent): OutgoingRecord {
  return eventRecord({
    namespace: NAMESPACE,
    source: source ?? (n % 2 === 0 ? A : B),
    student: student ?? studentOf(n),
    fields: { n, doc_id: `doc ${n % DOCS}` },
    metadata: n % 5 === 0 ? {} : { class: `class ${n % CLASSES}` },
    id: `e${n}`,
    ...more,
  });
}

export interface LiveHouse {
  readonly house: House;
  readonly archive: ArchiveStore;
  /** Of the archive. */
  readonly dir: string;
  send(records: readonly OutgoingRecord[]): Promise<void>;
  /** Resolves when every unit has all that its topic holds. */
  settled(): Promise<void>;
  /** Requeues all open dead letters, and waits until they are taken. */
  requeueAll(): Promise<void>;
  /** Puts all that the log holds into the archive, as some objects a partition. */
  archiveAll(): Promise<void>;
  close(): Promise<void>;
}

/** One module live on the embedded adapters, and its archive in a folder. */
export async function openLiveHouse(module: Module): Promise<LiveHouse> {
  const dataDir = mkdtempSync(join(testRun.makeDir('live'), 'data-'));
  const dir = join(dataDir, 'archive');
  const env = await openEmbedded({ dataDir });
  const log = createEmbeddedLog({ env });
  const state = createEmbeddedState({ env });
  const archive = createDirectoryArchive({ root: dir });
  const rekey = rekeyTopic(NAMESPACE, module.id);
  const archived = [eventsTopic(NAMESPACE, A), eventsTopic(NAMESPACE, B), rekey];
  await log.ensureTopics([
    ...archived.map((name) => ({ name, partitions: PARTITIONS })),
    { name: controlTopic(NAMESPACE), partitions: 1 },
    { name: deadLettersTopic(NAMESPACE), partitions: 1 },
  ]);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const history = logAlone(log);
  const control = createControl({ log, history, namespace: NAMESPACE, logger });
  const failed = (error: Error): never => {
    throw error;
  };
  const common = { log, namespace: NAMESPACE, logger, failed };
  const worker = createWorker({
    ...common,
    history,
    state,
    control,
    modules: [module],
    limits,
    watchdog: { claimed: () => undefined, reducing: () => undefined },
    strays: unattributed,
    clock: systemClock,
    registry: new Registry(),
  });
  await worker.run();
  const producer = await log.createProducer();
  const house: House = {
    namespace: NAMESPACE,
    modules: [module],
    sources: [A, B],
    archive,
    log,
    state,
    history,
    control,
    clock: systemClock,
    mayRun: true,
  };
  const settled = async (): Promise<void> => {
    for (const topic of archived)
      for (const { partition } of await log.offsets(topic))
        await waitFor(
          async () => {
            const end = (await log.offsets(topic))[partition]!.end;
            return ((await state.position({ module: module.id, topic, partition }))?.next ?? 0) >= end;
          },
          { message: `${topic}/${partition} is reduced`, timeoutMs: 20_000 },
        );
  };
  return {
    house,
    archive,
    dir,
    async send(records) {
      await producer.send(records);
    },
    settled,
    async requeueAll() {
      await settled();
      const { letters } = await findLetters(house, { module: module.id, limit: 10_000 });
      await requeueLetters(house, letters);
      await settled();
    },
    async archiveAll() {
      const archiver = createArchiver({
        ...common,
        archive,
        control,
        topics: [...archived, controlTopic(NAMESPACE)],
        limits: { maxBytes: 20_000, maxAgeMs: 100, bufferBytes: 1_000_000 },
        registry: new Registry(),
      });
      await archiver.run();
      for (const topic of [...archived, controlTopic(NAMESPACE)])
        for (const { partition, end } of await log.offsets(topic))
          await waitFor(async () => {
            const mirrored = await log.mirrored(`${NAMESPACE}.archiver`, topic);
            return (mirrored.get(partition) ?? 0) >= end;
          });
      await archiver.stop();
    },
    async close() {
      await worker.stop();
      await producer.close();
      await control.close();
      await log.close();
      await env.close();
    },
  };
}
