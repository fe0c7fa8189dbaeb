import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { SourcesReport } from '../../services/cli/sources-list.ts';
import { CLAIMED_SOURCE as SOURCE } from '../support/claim-load.ts';
import { startProgram } from '../support/process.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

// What `npm start` does with events of a source that a module is only made for later.

const dataDir = mkdtempSync(join(tmpdir(), 'claim-'));
const env = { LECTERN_DATA_DIR: dataDir, LECTERN_ARCHIVE_MAX_AGE_MS: '1000' };
const PRODUCT = 'dist/services/standalone/main.js';
const products: RestartableProgram[] = [];
afterAll(async () => {
  for (const product of products) if (product.running()) await product.kill();
});

async function start(more: Readonly<Record<string, string>> = {}): Promise<RestartableProgram> {
  const product = await createProgram(PRODUCT, { ...env, ...more });
  products.push(product);
  await product.start();
  await product.ready();
  return product;
}

async function works(...args: string[]): Promise<string> {
  const child = await startProgram('dist/services/cli/main.js', { args, env });
  const { code } = await child.ended;
  const said = child.lines().join('\n');
  expect([code, said]).toEqual([0, said]);
  return said;
}

const listed = async (): Promise<SourcesReport> =>
  JSON.parse(await works('sources', 'list', '--json')) as SourcesReport;
const waiting = async (): Promise<number> =>
  (await listed()).waiting.find(({ source }) => source === SOURCE)?.events ?? 0;
const kept = async (): Promise<number> =>
  (await listed()).sources.find(({ source }) => source === SOURCE)?.inLog ?? 0;

async function send(url: string, from: number, count: number): Promise<void> {
  const frames = Array.from({ length: count }, (_, n) => ({
    event: 'x',
    source: SOURCE,
    user_id: 'bob',
    n: from + n,
  }));
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(frames),
  });
  expect(response.status).toBe(200);
}

test('events that waited are in the states of the module that is made later, once each, before those that came after', async () => {
  let product = await start();
  await send(product.url, 0, 5);
  expect(await waiting()).toBe(5);
  // The product that runs does it, and its own gateway switches.
  expect(await works('sources', 'claim', SOURCE, '--quiet', '0')).toContain('5 events copied');
  await send(product.url, 5, 3);
  expect([await waiting(), await kept()]).toEqual([0, 8]);
  await waitFor(async () => (await works('archive', 'ls', '--source', SOURCE)).includes(SOURCE), {
    message: 'the claimed source is archived, although no configuration names it',
    timeoutMs: 30_000,
    intervalMs: 200,
  });
  expect(await product.stop()).toBe(0);

  // While it is stopped, too; and the next start knows of it.
  expect(await works('sources', 'claim', SOURCE)).toContain('0 events copied');
  product = await start({ LECTERN_MODULES: './test/support/claimed-module' });
  await send(product.url, 8, 2);
  const times = await waitFor(
    async () => {
      const answer = await fetch(`${product.url}/v1/state/claimed.seen?STUDENT=tc-testcase-bob`);
      const { state } = (await answer.json()) as { state: { times: Record<string, number> } | null };
      return Object.keys(state?.times ?? {}).length === 10 && state!.times;
    },
    { message: 'all are folded', timeoutMs: 30_000 },
  );
  expect(times).toEqual(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [n, 1])));
  expect(await product.stop()).toBe(0);
  expect(await works('archive', 'verify', '--deep')).toContain('whole');
  const names = (await works('archive', 'ls', '--source', SOURCE)).match(/events\/source=\S+\.avro/g)!;
  const lines = (await works('archive', 'cat', ...names)).split('\n').filter((line) => line.startsWith('{'));
  const places = lines.map((line) => (JSON.parse(line) as { headers: Record<string, string> }).headers);
  expect(places.map((headers) => headers['lectern-claimed-offset'] ?? null)).toEqual(
    Array.from({ length: 10 }, (_, n) => (n < 5 ? String(n) : null)),
  );
}, 180_000);
