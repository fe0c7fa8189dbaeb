import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/process.ts';

const LIFECYCLE = pathToFileURL(join(ROOT, 'dist/services/shared/lifecycle.js')).href;

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

/** A service that takes what says `theirs`, and says when it stops in order. */
async function run(body: string) {
  const dir = mkdtempSync(join(tmpdir(), 'lifecycle-'));
  dirs.push(dir);
  const path = join(dir, 'program.mjs');
  writeFileSync(
    path,
    `
import { setTimeout as sleep } from 'node:timers/promises';
import { runService } from '${LIFECYCLE}';
runService({
  name: 'test',
  loadConfig: () => ({ LECTERN_LOG_LEVEL: 'fatal', LECTERN_STOP_DELAY_MS: 0 }),
  async start({ lifecycle }) {
    lifecycle.onStop('last', () => process.stderr.write('stopped '));
    lifecycle.onStray((error) => error.message === 'theirs');
    ${body}
  },
});
`,
  );
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, errors };
}

describe.each([
  ['a rejection that nobody handles', (of: string) => `void Promise.reject(new Error('${of}'));`],
  ['an exception that nobody catches', (of: string) => `setTimeout(() => { throw new Error('${of}'); }, 0);`],
])('%s', (_what, failure) => {
  test('that somebody takes changes nothing, and is not logged', async () => {
    const body = `${failure('theirs')} await sleep(50); process.stderr.write('still here ');`;
    expect(await run(body)).toEqual({ code: 0, output: '', errors: 'still here ' });
  });

  test('that nobody takes ends the process in order', async () => {
    const { code, output, errors } = await run(`${failure('ours')} await sleep(50);`);
    expect({ code, errors }).toEqual({ code: 1, errors: 'stopped ' });
    expect(output).toMatch(/"error":"ours"/);
  });
});
