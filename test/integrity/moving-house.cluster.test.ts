import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { stackVariables } from '../../deploy/local/stack.ts';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { createControl } from '../../services/shared/control/control.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createHistory } from '../../services/shared/history/history.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { createRandom } from '../../services/standalone/demo/random.ts';
import { AUDIT_MODULE, expectDeadLetters, expectTrails } from '../support/audit.ts';
import { createSender } from '../support/client-process.ts';
import { createCluster } from '../support/cluster.ts';
import { expectCounts } from '../support/kill-loop.ts';
import {
  assertArchived,
  assertContiguous,
  countByStudent,
  firstOnes,
  type Kept,
  readArchive,
  readLog,
} from '../support/ledger.ts';
import { startProgram } from '../support/process.ts';
import { createProgram } from '../support/product.ts';
import { compareRekeyed } from '../support/rekey-compare.ts';
import { demandedPlaces, foldOwn, foldRekeyed } from '../support/rekey-ledger.ts';
import { createRekeyLoad, REKEY_SOURCES } from '../support/rekey-load.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: a school moves from the product in one process to a cluster with another number of partitions, while its
// clients go on sending and the copying is killed again and again; nothing is lost, nothing is there twice, and states and
// archive are those of the events.

const SOURCE = 'org.mitros.writing_analytics';
const OLD_TOPIC = eventsTopic('lectern', SOURCE);
const NEW_PARTITIONS = 5;
const MODULES = `${AUDIT_MODULE},./test/support/rekey-audit-module`;
const REKEY_MODULE = 'rekey_audit.v1';
const KILLS = 2;
const logger = createLogger({ service: 'test', level: 'silent' });

async function inDataDir<T>(dataDir: string, look: (log: EventLog) => Promise<T>): Promise<T> {
  const env = await openEmbedded({ dataDir });
  const log = createEmbeddedLog({ env });
  try {
    return await look(log);
  } finally {
    await log.close();
    await env.close();
  }
}

/** The ids of the events whose dead letters a person dropped. */
async function droppedIn(log: EventLog, dataDir: string, kept: readonly Kept[]): Promise<Set<string>> {
  const archive = createDirectoryArchive({ root: join(dataDir, 'archive') });
  const history = createHistory({ log, archive, namespace: 'lectern' });
  const control = createControl({ log, history, namespace: 'lectern', logger });
  await control.caughtUp();
  const isDropped = ({ partition, offset }: Kept): boolean =>
    control.leftOut({ module: 'audit.v1', topic: OLD_TOPIC, partition }).get(`audit.trail@${offset}`)?.why ===
    'drop';
  const dropped = new Set(kept.filter(isDropped).map(({ id }) => id));
  await control.close();
  return dropped;
}

async function reduced({ log, state }: { log: EventLog; state: StateStore }, topic: string): Promise<void> {
  for (const { partition, end } of await log.offsets(topic))
    await waitFor(
      async () => ((await state.position({ module: REKEY_MODULE, topic, partition }))?.next ?? 0) >= end,
      { message: `${topic}/${partition} is reduced`, timeoutMs: 30_000 },
    );
}

type Variables = Readonly<Record<string, string>>;

/** `lectern ...` in the built product, to its end; what it printed. */
async function lectern(env: Variables, args: readonly string[]): Promise<readonly string[]> {
  const child = await startProgram('dist/services/cli/main.js', { env, args });
  if ((await child.ended).code !== 0) throw new Error(`${args.join(' ')}: ${child.lines().join('\n')}`);
  return child.lines();
}

/** The same, killed a moment after it has brought something. */
async function killedCopy(
  env: Variables,
  args: readonly string[],
  total: () => Promise<number>,
): Promise<void> {
  const before = await total();
  const child = await startProgram('dist/services/cli/main.js', { env, args: [...args, '--rate', '200'] });
  const isAt = async (): Promise<boolean> => (await total()) > before || !child.running();
  await waitFor(isAt, { message: 'more is copied', timeoutMs: 60_000 }).catch((error: Error) => {
    throw new Error(`${error.message}: ${child.lines().join('\n')}`);
  });
  if (!child.running()) throw new Error(`it ended by itself: ${child.lines().join('\n')}`);
  await sleep(Math.random() * 300);
  expect(await child.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
}

describeOnStack('a school that moves from one process to a cluster, its clients sending all the time', () => {
  test('keeps every event once, in order, with its states and dead letters', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'move-'));
    const name = uniqueName('moved');
    const topic = eventsTopic(name, SOURCE);
    const oldVariables = { LECTERN_DATA_DIR: dataDir, LECTERN_MODULES: MODULES };
    const cluster = await createCluster(name, stack(), {
      LECTERN_LOG_LEVEL: 'warn',
      LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
      LECTERN_MODULES: MODULES,
      LECTERN_PARTITIONS: String(NEW_PARTITIONS),
    });
    await inDataDir(dataDir, async (log) => {
      await log.ensureTopics(
        REKEY_SOURCES.map((one) => ({ name: eventsTopic('lectern', one), partitions: 8 })),
      );
      const stop = createRekeyLoad(log, 'lectern', createRandom(7)).keepSending();
      await sleep(800);
      await stop();
    });
    const product = await createProgram('dist/services/standalone/main.js', {
      ...oldVariables,
      LECTERN_LOG_LEVEL: 'warn',
      LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
    });
    await product.start();
    await product.ready();
    const socketOf = (url: string): string => `${url.replace('http', 'ws')}/wsapi/in/`;
    const senders = ['ada', 'ben'].map((user) => createSender(user, socketOf(product.url)));
    await Promise.all(senders.map((sender) => sender.start()));
    await sleep(1_500);
    const drop = ['dead-letters', 'drop', '--module', 'audit', '--limit', '1000', '--yes'];
    const someDropped = async (): Promise<boolean> =>
      (await lectern(oldVariables, drop)).some((line) => line.startsWith('dropped:'));
    await waitFor(someDropped, { message: 'some dead letters are dropped', timeoutMs: 60_000 });

    const variables = { ...stackVariables(stack()), LECTERN_S3_BUCKET: name, LECTERN_MODULES: MODULES };
    const into = ['replay', '--into', name, '--partitions', String(NEW_PARTITIONS), '--source-dir', dataDir];
    const total = async (): Promise<number> => {
      let sum = 0;
      for (const one of [SOURCE, ...REKEY_SOURCES].map((source) => eventsTopic(name, source)))
        if ((await cluster.log.partitionCount(one)) !== null)
          for (const { end } of await cluster.log.offsets(one)) sum += end;
      return sum;
    };
    const pause = (): Promise<unknown> => Promise.all(senders.map((sender) => sender.kill()));
    await pause();
    for (let kill = 0; kill < KILLS; kill++) await killedCopy(variables, [...into, '--archive-only'], total);
    await lectern(variables, [...into, '--archive-only']);
    await Promise.all(senders.map((sender) => sender.start()));
    await sleep(1_000);
    await product.stop();
    // They keep what nobody acknowledges.
    await pause();
    await lectern(variables, into);
    await cluster.startAll();
    await Promise.all(senders.map((sender) => sender.start(socketOf(cluster.programs.gateway.url))));
    await sleep(500);
    await Promise.all(senders.map(({ stop }) => stop()));

    const before = await inDataDir(dataDir, (log) => readLog(log, OLD_TOPIC));
    const dropped = await inDataDir(dataDir, (log) => droppedIn(log, dataDir, before));
    const logged = await readLog(cluster.log, topic);
    assertContiguous(logged);
    const once = firstOnes(logged);
    const ids = new Set(once.map(({ id }) => id));
    const promised = senders.flatMap(({ kept }) => kept);
    expect(promised.length).toBeGreaterThan(500);
    expect([...promised, ...before.map(({ id }) => id)].filter((id) => !ids.has(id))).toEqual([]);
    // Of the old log, each record once: what came twice besides was sent again by its client.
    const again = logged.length - before.length;
    expect(again).toBeGreaterThan(0);
    for (const user of ['ada', 'ben']) {
      const numbers = once
        .filter(({ student }) => student === `tc-testcase-${user}`)
        .map(({ id }) => Number(id.split('-')[1]));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }

    const queryUrl = cluster.programs.query.url;
    await expectCounts(queryUrl, countByStudent(once));
    await expectTrails(queryUrl, once);
    const state = createRedisState({ url: stack().redisUrl, namespace: name, logger });
    expect(dropped.size).toBeGreaterThan(0);
    const repeated = new Set(once.map(({ partition, offset }) => `${partition}/${offset}`));
    await expectDeadLetters(
      state,
      topic,
      logged.filter(
        ({ id, partition, offset }) => repeated.has(`${partition}/${offset}`) && !dropped.has(id),
      ),
    );
    const rekeyed = rekeyTopic(name, REKEY_MODULE);
    const house = { log: cluster.log, state };
    for (const one of [...REKEY_SOURCES.map((source) => eventsTopic(name, source)), rekeyed])
      await reduced(house, one);
    const { places, partitions } = await foldRekeyed(cluster.log, rekeyed);
    expect(places).toEqual(await demandedPlaces(cluster.log, name, NEW_PARTITIONS));
    await compareRekeyed(house, rekeyed, partitions);
    const own = await compareRekeyed(
      house,
      eventsTopic(name, REKEY_SOURCES[0]),
      await foldOwn(cluster.log, name),
    );
    expect(own).toBeGreaterThan(20);
    await state.close();

    await waitFor(async () => (await readArchive(cluster.archive, SOURCE)).length >= logged.length, {
      message: 'everything is archived',
      timeoutMs: 30_000,
      intervalMs: 300,
    });
    assertArchived(await readArchive(cluster.archive, SOURCE), logged);
    const whole = await lectern(variables, ['archive', 'verify', '--deep']);
    expect(whole.at(-1)).toMatch(/: whole$/);
    console.info(`${before.length} moved, ${again} sent since, ${dropped.size} dropped`);
    await cluster.stopAll();
  }, 240_000);
});
