import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { commandSocketOf } from '../../services/cli/command-socket.ts';
import { createRunInHouse } from '../../services/cli/run-in-house.ts';
import { serveCommands } from '../../services/cli/serve-commands.ts';
import type { Environment } from '../../services/shared/config.ts';
import { type EmbeddedEnv, openEmbedded } from '../../services/shared/embedded.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { waitFor } from '../support/wait.ts';
import { closeHouses, NAMESPACE, openTestHouse } from './cli-house.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await closeHouses();
  process.exitCode = undefined;
});

/** A data directory that this process has, as a product or another command would. */
async function takenDirectory(): Promise<{ dataDir: string; env: EmbeddedEnv }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'taken-'));
  const env = await openEmbedded({ dataDir });
  cleanUps.push(() => env.close());
  return { dataDir, env };
}

/** An environment, and how often it was asked where the data directory is. */
function watched(dataDir: string): { env: Environment; reads(): number } {
  let reads = 0;
  const env = {
    LECTERN_NAMESPACE: NAMESPACE,
    get LECTERN_DATA_DIR() {
      reads++;
      return dataDir;
    },
  };
  return { env, reads: () => reads };
}

/** Resolves when a running command has tried in vain, twice at least. */
async function triedInVain(reads: () => number, running: Promise<void>): Promise<void> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  running.then(end, end);
  await waitFor(() => reads() > 8 || ended, { message: 'the command tries again' });
  expect(ended).toBe(false);
}

const command = (said: string[]): Command =>
  new Command('pause').exitOverride().configureOutput({ writeErr: (text) => void said.push(text) });

const ARGS = ['modules', 'pause', 'm', '--reason', 'handed over'];

test('the product that has the directory does the command, also when it takes commands only after a while', async () => {
  const { dataDir } = await takenDirectory();
  const house = await openTestHouse();
  const { env, reads } = watched(dataDir);
  let here = 0;
  const running = createRunInHouse(env, ARGS)(command([]), async () => {
    here++;
  });
  await triedInVain(reads, running);
  const server = await serveCommands({
    address: commandSocketOf(dataDir)!,
    house,
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  cleanUps.push(() => server.stop());
  await running;
  expect(house.control.pausedBecause('m')).toContain('handed over');
  expect([here, process.exitCode]).toEqual([0, 0]);
});

test('another command is waited for, and then the directory is worked on here', async () => {
  const { dataDir, env: other } = await takenDirectory();
  const { env, reads } = watched(dataDir);
  const seen: boolean[] = [];
  const running = createRunInHouse(env, ARGS)(command([]), async ({ mayRun }) => void seen.push(mayRun));
  await triedInVain(reads, running);
  await other.close();
  await running;
  expect(seen).toEqual([false]);
});

test('whoever keeps the directory and takes no commands is told, with what to do', async () => {
  const { dataDir } = await takenDirectory();
  const said: string[] = [];
  const run = createRunInHouse({ LECTERN_DATA_DIR: dataDir }, ARGS);
  await expect(run(command(said), async () => undefined)).rejects.toMatchObject({ exitCode: 78 });
  expect(said.join('')).toMatch(/try again in a while; or stop it, run this command, and start it again/);
}, 20_000);
