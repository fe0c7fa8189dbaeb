import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { listFromLectern, runLectern } from '../support/lectern-command.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { openDashboard } from '../support/version-dashboard.ts';
import { ALL_ITEMS, ALL_STUDENTS, byGateway, startVersionLoad } from '../support/version-load.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: the same on the embedded product. A version that comes with a restart takes over while events come in, what
// was decided holds through the next restart, and versions are decided on and removed while the product runs and while
// it does not.

const V1 = './test/support/version-module/v1';
const V2 = './test/support/version-module/v2';
const SOON = { timeoutMs: 90_000, intervalMs: 50 };

const programs: RestartableProgram[] = [];
afterAll(async () => {
  for (const program of programs) await program.kill();
});

test('a version that is installed at a restart takes over, is gone back from, promoted, and the old one removed', async () => {
  const env = {
    LECTERN_DATA_DIR: mkdtempSync(join(tmpdir(), 'versions-')),
    LECTERN_LOG_LEVEL: 'warn',
    LECTERN_PARTITIONS: '3',
  };
  const start = async (modules: string): Promise<RestartableProgram> => {
    const variables = { ...env, LECTERN_MODULES: modules };
    const product = await createProgram('dist/services/standalone/main.js', variables);
    programs.push(product);
    await product.start();
    await product.ready();
    return product;
  };
  const lectern = (...args: string[]): Promise<string> =>
    runLectern({ ...env, LECTERN_MODULES: `${V1},${V2}` }, 'modules', ...args);
  const versionOf = async ({ url }: RestartableProgram): Promise<unknown> => {
    const answer = await fetch(`${url}/v1/state/versions.of_student?STUDENT=tc-testcase-jon`);
    const { state, default: isDefault } = (await answer.json()) as { state: unknown; default: boolean };
    return isDefault ? null : (state as { version: number } | null)?.version;
  };

  const first = await start(V1);
  const load = startVersionLoad(byGateway(() => first.url));
  await waitFor(async () => (load.acknowledged.get('tc-testcase-jon') ?? 0) > 50, {
    message: 'there are events',
    ...SOON,
  });
  await load.stop();
  await waitFor(async () => (await versionOf(first)) === 1, { message: 'version 1 is shown', ...SOON });
  await first.stop();

  const second = await start(`${V1},${V2}`);
  const more = startVersionLoad(byGateway(() => second.url));
  await waitFor(async () => (await versionOf(second)) !== undefined, {
    message: 'states are shown',
    ...SOON,
  });
  const dashboards = [
    await openDashboard(second.url, ALL_STUDENTS),
    await openDashboard(second.url, ALL_ITEMS),
  ];
  const showing = (version: number): Promise<unknown> =>
    waitFor(
      async () =>
        dashboards.every(({ shown }) => [...shown.values()].every((one) => one.version === version)),
      { message: `version ${version} is shown`, ...SOON },
    );
  await showing(2);
  expect(await lectern('rollback', 'versions')).toContain('version 1 of versions is shown');
  await showing(1);
  await expect(lectern('remove', 'versions', '2')).rejects.toThrow('workers of versions.v2 run');
  await more.stop();
  for (const { faults } of dashboards) expect(faults).toEqual([]);
  for (const dashboard of dashboards) dashboard.close();
  await second.stop();

  // What a person decided holds, though both have the same.
  const third = await start(`${V1},${V2}`);
  expect(await versionOf(third)).toBe(1);
  await third.stop();
  expect(await lectern('promote', 'versions', '2')).toContain('when the product is started again');
  expect(await lectern('remove', 'versions', '1')).toContain('versions.v1 is removed: ');
  const fourth = await start(V2);
  expect(await versionOf(fourth)).toBe(2);
  const rows = await listFromLectern(
    { ...env, LECTERN_MODULES: `${V1},${V2}` },
    'modules',
    'status',
    'versions',
    '--json',
  );
  expect(rows).toMatchObject([{ version: 2, active: true, progress: 1 }]);
  await expect(lectern('rollback', 'versions')).rejects.toThrow('are not there any more');
  await fourth.stop();
}, 300_000);
