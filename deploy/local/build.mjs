import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build as bundle } from 'esbuild';
import { fingerprint } from './fresh.mjs';

const run = promisify(execFile);
const WEB = 'services/query/web';
/** Files that programs read next to their code, and that tsc leaves out. */
const READ_AT_RUN_TIME = /\.(lua|sh)$/;

async function compile(root, out) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', out]);
  } catch (error) {
    throw new Error(`the sources do not compile:\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  }
}

function copyRunTimeFiles(root, out) {
  for (const folder of ['services', 'reducers', 'deploy'])
    for (const name of readdirSync(join(root, folder), { recursive: true }))
      if (READ_AT_RUN_TIME.test(name)) cpSync(join(root, folder, name), join(out, folder, name));
}

async function bundlePages(root, out) {
  await bundle({
    entryPoints: [join(root, WEB, 'main.tsx')],
    outdir: join(out, WEB),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'warning',
  });
  cpSync(join(root, WEB, 'index.html'), join(out, WEB, 'index.html'));
}

/**
 * Makes dist/ anew: services, reducers and deploy as JavaScript, and the pages bundled. Built aside and then put in
 * place by renaming, so it is never seen half-built and holds nothing of removed sources. Throws with the compiler's
 * messages, leaving the old dist/ as it was.
 */
export async function build(root) {
  // Taken first: a source that changes while we build makes the result stale.
  const stamp = fingerprint(root);
  const aside = mkdtempSync(join(root, 'node_modules/.dist-'));
  const out = join(aside, 'new');
  try {
    await compile(root, out);
    copyRunTimeFiles(root, out);
    await bundlePages(root, out);
    writeFileSync(join(out, '.built'), stamp);
    const dist = join(root, 'dist');
    if (existsSync(dist)) renameSync(dist, join(aside, 'old'));
    renameSync(out, dist);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
