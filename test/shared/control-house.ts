import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import type { ApiKey, Block } from '../../services/shared/control/access-record.ts';
import { type ControlDeps, createControl, type OpenControl } from '../../services/shared/control/control.ts';
import type { LeftOut } from '../../services/shared/control/port.ts';
import { createSnapshots, type Snapshots } from '../../services/shared/control/snapshots.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import type { History } from '../../services/shared/history/port.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog, LogRecord } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { controlTopic } from '../../services/shared/topics.ts';

/** Control topics on the embedded log, for tests of who reads and writes them. */

const NAMESPACE = 'test';
export const TOPIC = controlTopic(NAMESPACE);

const closing: (() => Promise<void>)[] = [];

/** For `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

export async function openLog(): Promise<EventLog> {
  const env = await openEmbedded({ dataDir: mkdtempSync(join(tmpdir(), 'control-')) });
  closing.push(() => env.close());
  const log = createEmbeddedLog({ env });
  closing.push(() => log.close());
  await log.ensureTopics([{ name: TOPIC, partitions: 1 }]);
  return log;
}

/** The history of a log that has lost nothing. */
const wholeHistory = (log: Pick<EventLog, 'read'>): Pick<History, 'start' | 'archived' | 'read'> => ({
  start: async () => 0,
  async *archived() {},
  read: (range) => log.read(range),
});

/** Reads `records`, by their offsets, where the log begins after the one that is asked for. */
export function archiveOf(
  records: readonly LogRecord[],
  log: Pick<EventLog, 'offsets'>,
): Pick<History, 'start' | 'archived'> {
  return {
    start: async () => 0,
    async *archived(at, from) {
      const [range] = await log.offsets(at.topic);
      const page = records.filter(({ offset }) => offset >= from && offset < range!.start);
      if (page.length > 0) yield page;
    },
  };
}

export interface OpenedControl {
  readonly control: OpenControl;
  readonly registry: Registry;
  /** What was logged, one JSON line each. */
  readonly logged: readonly string[];
}

export function openControl(log: EventLog, deps: Partial<ControlDeps> = {}): OpenedControl {
  const registry = new Registry();
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const logger = createLogger({ service: 'test', level: 'warn', destination });
  const control = createControl({
    log,
    history: wholeHistory(log),
    namespace: NAMESPACE,
    logger,
    registry,
    ...deps,
  });
  closing.push(() => control.close());
  return { control, registry, logged };
}

export const unit = { module: 'm.v1', topic: 'test.events.org.test', partition: 3 };

export function verdict(offset: number, fields: Partial<LeftOut> = {}): LeftOut {
  return {
    kind: 'left-out',
    ...unit,
    reducer: 'm.r',
    offset,
    why: 'budget',
    reason: 'too long',
    ...fields,
  };
}

export const apiKey = (fields: Partial<ApiKey> = {}): ApiKey => ({
  kind: 'api-key',
  id: '0123456789ab',
  hash: 'f'.repeat(64),
  name: 'a program',
  sources: null,
  vouches: true,
  created: 1_000,
  expires: null,
  revoked: null,
  ...fields,
});

export const block = (fields: Partial<Block> = {}): Block => ({
  kind: 'block',
  subject: 'source',
  value: 'org.blocked',
  action: 'DROP',
  timeLimit: 'PERMANENT',
  message: 'not any more',
  created: 1_000,
  until: null,
  ...fields,
});

/** An archive in a directory of its own. */
export const openArchive = (): ArchiveStore =>
  createDirectoryArchive({ root: mkdtempSync(join(tmpdir(), 'snapshots-')) });
export const snapshotsIn = (
  archive: ArchiveStore,
): { readonly snapshots: Snapshots; readonly warnings: readonly string[] } => {
  const warnings: string[] = [];
  const logger = { warn: (_: unknown, text: string) => void warnings.push(text), debug: () => undefined };
  const deps = { archive, topic: TOPIC, logger: logger as never };
  return { snapshots: createSnapshots(deps), warnings };
};
