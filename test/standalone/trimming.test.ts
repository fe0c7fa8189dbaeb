import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { type EmbeddedEnv, openEmbedded } from '../../services/shared/embedded.ts';
import { createHistory } from '../../services/shared/history/history.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EmbeddedLog } from '../../services/shared/log/embedded-port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { controlTopic, deadLettersTopic, eventsTopic, sourceOfTopic } from '../../services/shared/topics.ts';
import { createTrimming } from '../../services/standalone/trimming.ts';
import { collect } from '../support/collect.ts';

const NAMESPACE = 'ns';
const EVENTS = eventsTopic(NAMESPACE, 'essay');
const CONTROL = controlTopic(NAMESPACE);
const COPIES = deadLettersTopic(NAMESPACE);
const COUNT = 25_000;
const RETENTION_MS = 1_000_000;

let dir: string;
let env: EmbeddedEnv;
let log: EmbeddedLog;
let archive: ArchiveStore;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trimming-'));
  env = await openEmbedded({ dataDir: dir });
  log = createEmbeddedLog({ env });
  archive = createDirectoryArchive({ root: join(dir, 'archive') });
  await log.ensureTopics([EVENTS, CONTROL, COPIES].map((name) => ({ name, partitions: 1 })));
});
afterEach(async () => {
  await log.close();
  await env.close();
  rmSync(dir, { recursive: true });
});

async function append(topic: string, count: number): Promise<void> {
  const producer = await log.createProducer();
  for (let sent = 0; sent < count; sent += 5_000)
    await producer.send(
      Array.from({ length: Math.min(5_000, count - sent) }, (_, n) => ({
        topic,
        key: 'k',
        value: Buffer.from(String(sent + n)),
      })),
    );
}

async function archiveUpTo(topic: string, end: number): Promise<void> {
  const records = await collect(log.read({ topic, partition: 0, from: 0, to: end }));
  const of = { source: sourceOfTopic(NAMESPACE, topic), topic, partition: 0 };
  const object = await createObjectEncoder().encode(of, records);
  await archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
}

interface Given {
  /** How far each module is; null for one that has folded nothing. */
  readonly next?: Readonly<Record<string, number | null>>;
  readonly laterMs?: number;
  readonly archive?: Partial<ArchiveStore>;
}

/** Trims once, as if so much later, and tells where the topics begin then. */
async function trim({ next = { 'm.v1': COUNT }, laterMs = 2 * RETENTION_MS, ...given }: Given = {}) {
  const position: StateStore['position'] = async ({ module }) =>
    ({ next: next[module] ?? null }) as Awaited<ReturnType<StateStore['position']>>;
  const trimming = createTrimming({
    log,
    archive: { ...archive, ...given.archive },
    state: { position },
    namespace: NAMESPACE,
    installation: {
      topics: [EVENTS, CONTROL, COPIES].map((name) => ({ name, partitions: 1 })),
      archivedTopics: [EVENTS, CONTROL],
      modules: Object.keys(next).map((id) => ({ id, contexts: ['essay'], rekeyed: false })),
    },
    retentionMs: RETENTION_MS,
    clock: { ...systemClock, now: () => Date.now() + laterMs },
    logger: createLogger({ service: 'test', level: 'silent' }),
    registry: new Registry(),
  });
  await trimming.trim();
  const starts = [EVENTS, CONTROL, COPIES].map(async (topic) => (await log.offsets(topic))[0]!.start);
  return Promise.all(starts);
}

test('what is archived, folded and old is removed, but for what is read back, and the last archived record', async () => {
  await append(EVENTS, COUNT);
  await append(CONTROL, 10);
  await append(COPIES, 10);
  await archiveUpTo(EVENTS, 22_000);
  await archiveUpTo(CONTROL, 6);
  expect(await trim({ laterMs: 0 })).toEqual([0, 0, 0]);
  expect(await trim()).toEqual([COUNT - 10_000, 5, 10]);
  expect(await trim({ next: { 'm.v1': 40_000 } })).toEqual([21_999, 5, 10]);
  const history = createHistory({ log, archive, namespace: NAMESPACE });
  const at = { topic: EVENTS, partition: 0 };
  expect(await history.start(at)).toBe(0);
  expect(await history.conflict(at)).toBeNull();
  const all = await collect(history.read({ ...at, from: 0, to: COUNT }));
  expect(all.map(({ value }) => Number(value))).toEqual(Array.from({ length: COUNT }, (_, n) => n));
});

test('what a module has not folded, or the archive does not have, stays', async () => {
  await append(EVENTS, COUNT);
  expect(await trim()).toEqual([0, 0, 0]);
  await archiveUpTo(EVENTS, COUNT);
  expect(await trim({ next: { 'm.v1': COUNT, 'n.v1': null } })).toEqual([0, 0, 0]);
  expect(await trim({ next: { 'm.v1': COUNT, 'n.v1': 10_300 } })).toEqual([300, 0, 0]);
  const away = async (): Promise<never> => {
    throw new Error('away');
  };
  expect(await trim({ archive: { listFolders: away } })).toEqual([300, 0, 0]);
});
