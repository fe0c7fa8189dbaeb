import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createHistory } from '../../services/shared/history/history.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { createRandom } from '../../services/standalone/demo/random.ts';
import { AUDIT_MODULE, expectDeadLetters, expectTrails } from '../support/audit.ts';
import { expectCounts } from '../support/kill-loop.ts';
import { assertArchived, assertContiguous, countByStudent, readArchive, readLog } from '../support/ledger.ts';
import { startProgram } from '../support/process.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { compareRekeyed } from '../support/rekey-compare.ts';
import { demandedPlaces, foldOwn, foldRekeyed } from '../support/rekey-ledger.ts';
import { createRekeyLoad, REKEY_SOURCES } from '../support/rekey-load.ts';
import { sendEvents } from '../support/sender.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: a machine that is lost with all but its archive is replaced; states are those of what is archived, rekeyed
// ones too, offsets and archive go on where the archive ended, and so do events.

const NAMESPACE = 'lectern';
const SOURCE = 'org.mitros.writing_analytics';
const TOPIC = eventsTopic(NAMESPACE, SOURCE);
const REKEY = rekeyTopic(NAMESPACE, 'rekey_audit.v1');
const PARTITIONS = 8;
const random = createRandom(11);

interface Stores {
  /** The log as if it held what is archived, too. */
  readonly log: EventLog;
  readonly own: EventLog;
  readonly state: StateStore;
}

async function inStores<T>(dataDir: string, look: (stores: Stores) => Promise<T>): Promise<T> {
  const env = await openEmbedded({ dataDir });
  const own = createEmbeddedLog({ env });
  const archive = createDirectoryArchive({ root: join(dataDir, 'archive') });
  const history = createHistory({ log: own, archive, namespace: NAMESPACE });
  const log: EventLog = {
    ...own,
    offsets: async (topic) => (await own.offsets(topic)).map((range) => ({ ...range, start: 0 })),
    read: (range) => history.read(range),
  };
  try {
    return await look({ log, own, state: createEmbeddedState({ env }) });
  } finally {
    await own.close();
    await env.close();
  }
}

/** Events that students share, straight into the log. */
const addShared = (dataDir: string, label: string): Promise<void> =>
  inStores(dataDir, async ({ own }) => {
    const names = REKEY_SOURCES.map((source) => eventsTopic(NAMESPACE, source));
    await own.ensureTopics(names.map((name) => ({ name, partitions: PARTITIONS })));
    const stop = createRekeyLoad(own, NAMESPACE, random, undefined, label).keepSending();
    await sleep(300);
    await stop();
  });

const send = (product: RestartableProgram, label: string): Promise<unknown> =>
  sendEvents({
    url: () => product.url,
    source: SOURCE,
    users: ['ada', 'ben', 'cleo'],
    eventsPerUser: 120,
    chunk: 20,
    label,
  });

const rebuilt = (product: RestartableProgram): Promise<unknown> =>
  waitFor(
    async () => {
      const answer = await fetch(`${product.url}/v1/state/rekey_audit.by_class?CLASS=class%201`);
      const { rebuilding, state } = (await answer.json()) as { rebuilding?: object; state: unknown };
      return rebuilding === undefined && state !== null;
    },
    { message: 'the states are rebuilt', timeoutMs: 60_000 },
  );

test('a machine that is lost is replaced out of its archive', async () => {
  const variables = (dataDir: string) => ({
    LECTERN_DATA_DIR: dataDir,
    LECTERN_LOG_LEVEL: 'warn',
    LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
    LECTERN_MODULES: `${AUDIT_MODULE},./test/support/rekey-audit-module`,
  });
  const program = (dataDir: string) => createProgram('dist/services/standalone/main.js', variables(dataDir));
  const lectern = async (dataDir: string, ...args: string[]): Promise<readonly string[]> => {
    const child = await startProgram('dist/services/cli/main.js', { env: variables(dataDir), args });
    expect([await child.ended, child.lines()]).toMatchObject([{ code: 0 }, expect.anything()]);
    return child.lines();
  };
  const lost = mkdtempSync(join(tmpdir(), 'lost-'));
  await addShared(lost, 'before');
  const first = await program(lost);
  await first.start();
  await first.ready();
  await send(first, 'before');
  const saved = `${lost}-saved`;
  const archived = () => readArchive(createDirectoryArchive({ root: join(lost, 'archive') }), SOURCE);
  await waitFor(async () => (await archived()).length > 100, {
    message: 'some are archived',
    timeoutMs: 30_000,
  });
  await first.kill();
  renameSync(join(lost, 'archive'), saved);
  rmSync(lost, { recursive: true });

  const dataDir = `${lost}-new`;
  await lectern(dataDir, 'restore', '--from', saved);
  const before = await readArchive(createDirectoryArchive({ root: join(dataDir, 'archive') }), SOURCE);
  const second = await program(dataDir);
  await second.start();
  await second.ready();
  await expectCounts(second.url, countByStudent(before));
  await expectTrails(second.url, before);
  await send(second, 'after');
  await second.stop();
  await addShared(dataDir, 'after');
  const all = await inStores(dataDir, ({ log }) => readLog(log, TOPIC));
  assertContiguous(all);
  expect(all.length).toBe(before.length + 3 * 120);
  await second.start();
  await rebuilt(second);
  await expectCounts(second.url, countByStudent(all));
  await expectTrails(second.url, all);
  expect(await second.stop()).toBe(0);

  await inStores(dataDir, async ({ log, own, state }) => {
    expect((await own.offsets(TOPIC)).some(({ start }) => start > 0)).toBe(true);
    await expectDeadLetters(state, TOPIC, all);
    const { places, partitions } = await foldRekeyed(log, REKEY);
    expect(places).toEqual(await demandedPlaces(log, NAMESPACE, PARTITIONS));
    const compared =
      (await compareRekeyed({ state }, REKEY, partitions)) +
      (await compareRekeyed(
        { state },
        eventsTopic(NAMESPACE, REKEY_SOURCES[0]),
        await foldOwn(log, NAMESPACE),
      ));
    expect(compared).toBeGreaterThan(40);
  });
  assertArchived(await readArchive(createDirectoryArchive({ root: join(dataDir, 'archive') }), SOURCE), all);
  expect((await lectern(dataDir, 'archive', 'verify', '--deep')).at(-1)).toMatch(/: whole$/);
}, 300_000);
