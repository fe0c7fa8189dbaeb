import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import type { FoundLetter } from '../../services/cli/find-letters.ts';
import type { House } from '../../services/cli/house.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { createControl } from '../../services/shared/control/control.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import type { History } from '../../services/shared/history/port.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import { createLazyProducer } from '../../services/shared/log/lazy-producer.ts';
import type { EventLog, LogRecord } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import type { Checkpoint, DeadLetter, StateStore, Unit } from '../../services/shared/state/port.ts';
import { controlTopic, deadLettersTopic, eventsTopic } from '../../services/shared/topics.ts';
import { createDeadLetterMetrics } from '../../services/worker/dead-letter-metrics.ts';
import { createDeadLetterRelay } from '../../services/worker/dead-letter-relay.ts';
import { placeOf } from '../../services/worker/requeue.ts';
import { counting, TEST_SOURCE, testModule } from '../support/module.ts';
import { NO_CHANGES } from '../support/no-changes.ts';

/** What commands work on, on the embedded adapters, with a stand-in for the worker that owns the units. */

export const NAMESPACE = 'cli';
export const TOPIC = eventsTopic(NAMESPACE, TEST_SOURCE);
const PARTITIONS = 2;
const TOKEN = 'owner';

const closing: (() => Promise<void>)[] = [];

/** For `afterEach`. */
export async function closeHouses(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export const unitOf = (partition: number, module = 'm.v1'): Unit => ({ module, topic: TOPIC, partition });

export const historyOf = (log: EventLog): History => ({
  start: async () => 0,
  conflict: async () => null,
  async *archived() {},
  read: (range) => log.read(range),
});

export async function openTestHouse(given: Partial<House> = {}): Promise<House> {
  const dataDir = mkdtempSync(join(tmpdir(), 'cli-'));
  const env = await openEmbedded({ dataDir });
  closing.push(() => env.close());
  const log = createEmbeddedLog({ env });
  closing.push(() => log.close());
  await log.ensureTopics([
    { name: TOPIC, partitions: PARTITIONS },
    { name: controlTopic(NAMESPACE), partitions: 1 },
    { name: deadLettersTopic(NAMESPACE), partitions: 1 },
  ]);
  const history = given.history ?? historyOf(log);
  const logger = createLogger({ service: 'test', level: 'silent' });
  const control = createControl({ log, history, namespace: NAMESPACE, logger });
  closing.push(() => control.close());
  return {
    namespace: NAMESPACE,
    modules: [testModule(counting)],
    sources: [TEST_SOURCE],
    log,
    state: createEmbeddedState({ env }),
    archive: createDirectoryArchive({ root: join(dataDir, 'archive') }),
    history,
    control,
    clock: systemClock,
    mayRun: true,
    ...given,
  };
}

/** Appends events, all of one key, to one partition or where their key belongs. */
export async function appendEvents(log: EventLog, count: number, partition?: number): Promise<void> {
  const producer = await log.createProducer();
  const places = await producer.send(
    Array.from({ length: count }, (_, index) => ({
      topic: TOPIC,
      key: 'student-x',
      value: Buffer.from(`event ${index}`),
      headers: { traceparent: Buffer.from(`trace ${index}`) },
      ...(partition === undefined ? {} : { partition }),
    })),
  );
  if (partition !== undefined && places.some((place) => place.partition !== partition))
    throw new Error('the log put the events elsewhere');
}

export async function readAll(log: EventLog, topic: string, partition: number): Promise<LogRecord[]> {
  const { start, end } = (await log.offsets(topic))[partition]!;
  const records: LogRecord[] = [];
  for await (const page of log.read({ topic, partition, from: start, to: end })) records.push(...page);
  return records;
}

export const letterOf = (unit: Unit, offset: number, fields: Partial<DeadLetter> = {}): DeadLetter => ({
  reducer: 'm.r',
  version: 1,
  topic: unit.topic,
  partition: unit.partition,
  offset,
  reason: `refused ${offset}`,
  ...fields,
});

/** Moves a unit to `next`, as its owner does. */
export async function checkpoint(
  state: StateStore,
  unit: Unit,
  next: number,
  changes: Partial<Pick<Checkpoint, 'deadLetters' | 'closed'>> = {},
): Promise<void> {
  await state.claim(unit, TOKEN, { formatVersion: 2, partitions: PARTITIONS, reducersHash: 'h' }, 0);
  const reply = await state.checkpoint(unit, {
    token: TOKEN,
    expected: (await state.position(unit))!.next,
    next,
    ...NO_CHANGES,
    ...changes,
  });
  if (reply.status === 'refused') throw new Error(`refused: ${reply.because}`);
}

/** Copies the dead letters of a unit to their topic, as a worker does. */
export async function relay(house: House, unit: Unit): Promise<void> {
  const producer = createLazyProducer(house.log);
  const relaying = createDeadLetterRelay({
    ...house,
    producer,
    logger: createLogger({ service: 'test', level: 'silent' }),
    relayed: createDeadLetterMetrics(new Registry()).relayed,
  });
  relaying.relay(unit, null);
  for (;;) {
    let waiting = 0;
    for await (const page of house.state.deadLetters(unit))
      waiting += page.filter(({ copy }) => copy === null).length;
    if (waiting === 0) break;
    await house.clock.sleep(5);
  }
  await relaying.stop();
  await producer.close();
}

/**
 * Takes what was requeued for a unit, as a worker does: closes the dead letter, or opens it again where `fails` says so.
 * Answers with the reducer and offset of each that was taken.
 */
export async function reduceRequeued(
  house: House,
  unit: Unit,
  fails: (offset: number) => boolean = () => false,
): Promise<string[]> {
  const taken: string[] = [];
  await house.control.caughtUp();
  const open = new Set((await house.state.deadLetterKeys(unit)).map((key) => `${key.reducer}@${key.offset}`));
  const closed: { reducer: string; offset: number }[] = [];
  const opened: DeadLetter[] = [];
  const records = await readAll(house.log, unit.topic, unit.partition);
  const from = (await house.state.position(unit))!.next ?? 0;
  for (const record of records.filter(({ offset }) => offset >= from)) {
    const place = placeOf(record.headers, unit.module);
    if (place.kind !== 'mine' || !open.has(`${place.reducer}@${place.offset}`)) continue;
    taken.push(`${place.reducer}@${place.offset}`);
    if (fails(place.offset)) opened.push(letterOf(unit, place.offset, { reason: 'refused again' }));
    else {
      closed.push({ reducer: place.reducer, offset: place.offset });
      open.delete(`${place.reducer}@${place.offset}`);
    }
  }
  await checkpoint(house.state, unit, records.length, { closed, deadLetters: opened });
  return taken;
}

export const found = (unit: Unit, offset: number, reducer = 'm.r'): FoundLetter => ({
  unit,
  reducer,
  offset,
  reason: null,
  stack: null,
});
