import { afterAll, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { stackVariables } from '../../deploy/local/stack.ts';
import { createQuery } from '../../services/query/query.ts';
import { createControl } from '../../services/shared/control/control.ts';
import { createLogAloneHistory } from '../../services/shared/history/log-alone.ts';
import { createApp, listen } from '../../services/shared/http.ts';
import { createKafkaLog } from '../../services/shared/log/kafka.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { loadModules } from '../../services/shared/modules.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { listFromLectern, runLectern } from '../support/lectern-command.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { openDashboard } from '../support/version-dashboard.ts';
import { ALL_ITEMS, ALL_STUDENTS, byProducer, startVersionLoad } from '../support/version-load.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: while a new version is made, takes over, is rolled back and promoted again under load, a dashboard that was
// open throughout shows whole states only, and none of them goes back.

const V1 = './test/support/version-module/v1';
const V2 = './test/support/version-module/v2';
const closing: (() => Promise<unknown> | unknown)[] = [];
const logger = createLogger({ service: 'test', level: 'silent' });

/** The query service with both versions, in this process, and the log that it knows. */
async function startQuery(namespace: string) {
  const { brokers, redisUrl } = stack();
  const log = createKafkaLog({ brokers, clientId: namespace, logger });
  closing.push(() => log.close());
  const state = createRedisState({ url: redisUrl, namespace, logger });
  closing.push(() => state.close());
  const control = createControl({ log, history: createLogAloneHistory(log), namespace, logger });
  closing.push(() => control.close());
  const { modules } = await loadModules({ reducersDir: './reducers', extra: [V1, V2], cwd: process.cwd() });
  const registry = new Registry();
  const query = createQuery({
    state,
    log,
    control,
    modules,
    namespace,
    classes: [],
    webDir: '/nowhere',
    registry,
    logger,
    now: Date.now,
  });
  const app = createApp({ routers: [query.router], notReady: query.notReady, registry, logger });
  const listening = await listen(app, '127.0.0.1', 0);
  closing.push(() => listening.close(), query.stop);
  return { url: listening.url, log };
}

const SOON = { timeoutMs: 90_000, intervalMs: 100 };

describeOnStack('a version that is deployed beside another', () => {
  const programs: RestartableProgram[] = [];
  afterAll(async () => {
    for (const program of programs) await program.kill();
    for (const close of closing.reverse()) await close();
  });

  test('takes over, is gone back from and promoted, and nobody sees less', async () => {
    const namespace = uniqueName('versions');
    const env = {
      ...stackVariables(stack()),
      LECTERN_NAMESPACE: namespace,
      LECTERN_PARTITIONS: '3',
      LECTERN_LOG_LEVEL: 'warn',
      LECTERN_KAFKA_SESSION_TIMEOUT_MS: '6000',
      LECTERN_WATCHDOG_MS: '5000',
    };
    // A rolling deploy: the first worker never knows of the second version.
    const startWorker = async (modules: string): Promise<void> => {
      const variables = { ...env, LECTERN_MODULES: modules };
      const program = await createProgram('dist/services/worker/main.js', variables);
      programs.push(program);
      await program.start();
      await program.ready();
    };
    await startWorker(V1);
    const query = await startQuery(namespace);
    const producer = await query.log.createProducer();
    closing.push(() => producer.close());
    const load = startVersionLoad(byProducer(producer, namespace));
    const stateOf = async (path: string): Promise<{ state: unknown; default: boolean }> =>
      (await fetch(`${query.url}/v1/state/${path}`)).json() as never;
    for (const path of ['versions.of_student?STUDENT=tc-testcase-jon', 'versions.of_item?item=9'])
      await waitFor(
        async () => {
          const { state, default: isDefault } = await stateOf(path);
          return state !== null && !isDefault;
        },
        { message: `${path} is there`, ...SOON },
      );
    const dashboards = [
      await openDashboard(query.url, ALL_STUDENTS),
      await openDashboard(query.url, ALL_ITEMS),
    ];
    const lectern = (...args: string[]): Promise<string> =>
      runLectern({ ...env, LECTERN_MODULES: `${V1},${V2}` }, 'modules', ...args);
    const showing = (version: number): Promise<unknown> =>
      waitFor(
        async () =>
          dashboards.every(({ shown }) => [...shown.values()].every((one) => one.version === version)),
        { message: `version ${version} is shown`, ...SOON },
      ).catch(async (cause: unknown) => {
        throw new Error(await lectern('status', 'versions', '--json'), { cause });
      });
    await showing(1);

    await startWorker(`${V1},${V2}`);
    await showing(2);
    expect(await lectern('rollback', 'versions')).toContain('version 1 of versions is shown');
    await showing(1);
    // A person's word stands, though the second version has all that the first one has.
    const rows = await listFromLectern(
      { ...env, LECTERN_MODULES: `${V1},${V2}` },
      'modules',
      'status',
      'versions',
      '--json',
    );
    expect(rows).toMatchObject([
      { version: 1, active: true, auto: false },
      { version: 2, active: false },
    ]);
    await expect(lectern('remove', 'versions', '2')).rejects.toThrow('workers of versions.v2 run');
    await showing(1);
    await lectern('promote', 'versions', '2');
    await showing(2);

    await load.stop();
    await waitFor(
      async () =>
        [...load.acknowledged].every(([student, n]) => (dashboards[0]!.shown.get(student)?.n ?? 0) >= n),
      { message: 'all that was acknowledged is shown', ...SOON },
    );
    for (const { faults, versions } of dashboards) {
      expect(faults).toEqual([]);
      expect(versions).toEqual([1, 2, 1, 2]);
    }
    for (const dashboard of dashboards) dashboard.close();
  }, 300_000);
});
