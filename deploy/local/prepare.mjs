import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { needsBuild, needsInstall } from './fresh.mjs';

// Runs before there is a node_modules: nothing here or in fresh.mjs imports a package.

const root = join(import.meta.dirname, '../..');

/** Installs the packages when they are missing or older than the lockfile. */
export function install() {
  if (!needsInstall(root)) return;
  console.error('installing packages');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const [command, all] = npm === undefined ? ['npm', args] : [process.execPath, [npm, ...args]];
  const { status, error } = spawnSync(command, all, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`npm ci failed${error === undefined ? '' : `: ${error.message}`}`);
}

/** Builds dist/ when it was not built from these very sources. */
export async function buildIfStale() {
  if (!needsBuild(root)) return;
  console.error('building');
  const { build } = await import('./build.mjs');
  await build(root);
}

if (process.argv[1] === import.meta.filename) {
  try {
    install();
    await buildIfStale();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
