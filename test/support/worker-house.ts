import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { systemClock } from '../../services/shared/clock.ts';
import { createControl } from '../../services/shared/control/control.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import type { History } from '../../services/shared/history/port.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { Module } from '../../services/shared/module.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import type { StateStore, Unit } from '../../services/shared/state/port.ts';
import { keyText, stateField } from '../../services/shared/state-key.ts';
import { controlTopic, deadLettersTopic, eventsTopic } from '../../services/shared/topics.ts';
import {
  createWorker,
  type Worker,
  type WorkerDeps,
  type WorkerLimits,
} from '../../services/worker/worker.ts';
import { eventRecord } from './events.ts';
import { TEST_SOURCE } from './module.ts';
import { unattributed } from './unattributed.ts';
import { waitFor } from './wait.ts';

/** A worker on the embedded adapters, with one topic of one partition. */

const namespace = 'test';
export const topic = eventsTopic(namespace, TEST_SOURCE);
export const unit: Unit = { module: 'm.v1', topic, partition: 0 };

export interface House {
  readonly log: EventLog;
  readonly state: StateStore;
}

const closing: (() => Promise<void>)[] = [];

/** For `afterEach`: stops every worker and closes every store that a test opened. */
export async function closeHouses(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export async function openHouse(): Promise<House> {
  const env = await openEmbedded({ dataDir: mkdtempSync(join(tmpdir(), 'worker-')) });
  closing.push(() => env.close());
  const log = createEmbeddedLog({ env });
  closing.push(() => log.close());
  await log.ensureTopics([
    { name: topic, partitions: 1 },
    { name: controlTopic(namespace), partitions: 1 },
    { name: deadLettersTopic(namespace), partitions: 1 },
  ]);
  return { log, state: createEmbeddedState({ env }) };
}

/** The history of a log of which nothing ever expired. */
export function logAlone(log: EventLog): History {
  return {
    start: async () => 0,
    conflict: async () => null,
    async *archived() {},
    read: (range) => log.read(range),
  };
}

export async function startWorker(
  { log, state }: House,
  modules: Module | readonly Module[],
  given: Partial<StateStore> = {},
  limits: Partial<WorkerLimits> = {},
  more: Partial<Pick<WorkerDeps, 'clock' | 'strays' | 'registry' | 'failed' | 'history'>> = {},
): Promise<Worker> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const history = more.history ?? logAlone(log);
  const control = createControl({ log, history, namespace, logger });
  closing.push(() => control.close());
  const worker = createWorker({
    log,
    history,
    state: { ...state, ...given },
    control,
    modules: [modules].flat(),
    namespace,
    limits: {
      checkpointMs: 20,
      cacheBytes: 1_000_000,
      maxStateBytes: 1_048_576,
      budgetMs: 5_000,
      breaker: { share: 1, letters: 1_000_000, windowMs: 60_000, open: 1_000_000 },
      ...limits,
    },
    clock: systemClock,
    strays: unattributed,
    watchdog: { claimed: () => undefined, reducing: () => undefined },
    logger,
    registry: new Registry(),
    failed: (error) => {
      throw error;
    },
    ...more,
  });
  closing.push(() => worker.stop());
  await worker.run();
  return worker;
}

export async function send(log: EventLog, students: readonly string[], fields: object = {}): Promise<void> {
  const producer = await log.createProducer();
  await producer.send(
    students.map((student) =>
      eventRecord({ namespace, source: TEST_SOURCE, student, fields: { ...fields } }),
    ),
  );
}

/** A person decides something. */
export async function decide({ log }: Pick<House, 'log'>, record: ControlRecord): Promise<void> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const control = createControl({ log, history: logAlone(log), namespace, logger });
  await control.publish(record);
  await control.close();
}

export const stored = async (state: StateStore, student: string): Promise<unknown> => {
  const [text] = await state.readMany(unit, [stateField('Internal', 'm.r', keyText({ STUDENT: student }))]);
  return JSON.parse(text ?? 'null');
};
export const reached = (state: StateStore, next: number): Promise<unknown> =>
  waitFor(async () => (await state.position(unit))?.next === next, {
    message: `offset ${next} is checkpointed`,
  });
