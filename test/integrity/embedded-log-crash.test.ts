import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import { collect } from '../support/collect.ts';

/**
 * The embedded log is killed with SIGKILL while it appends, five times over. Then every number that was acknowledged
 * is there exactly once, and every partition's offsets run from 0 to its end without a gap.
 */
const ROUNDS = 5;
const APPENDER = join(import.meta.dirname, 'embedded-appender.ts');

async function appendUntilKilled(
  dataDir: string,
  first: number,
  acknowledgements: number,
  ...more: readonly string[]
): Promise<number[]> {
  const args = ['--import', 'tsx', APPENDER, dataDir, String(first), ...more];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > acknowledgements) child.kill('SIGKILL');
  });
  const [code, signal] = await once(child, 'close');
  expect([code, signal]).toEqual([null, 'SIGKILL']);
  return output.slice(0, output.lastIndexOf('\n')).split('\n').map(Number);
}

test('what the embedded log acknowledged survives kill -9, once, at offsets without gaps', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lectern-crash-'));
  const acknowledged: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const enough = 50 + Math.floor(Math.random() * 1_500);
    acknowledged.push(...(await appendUntilKilled(dataDir, round * 1_000_000, enough)));
  }
  const env = await openEmbedded({ dataDir });
  const log = createEmbeddedLog({ env });
  const kept: number[] = [];
  for (const { partition, start, end } of await log.offsets('numbers')) {
    const records = await collect(log.read({ topic: 'numbers', partition, from: start, to: end }));
    expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: end }, (_, offset) => offset));
    kept.push(...records.map(({ value }) => Number(value)));
  }

  const found = new Set(kept);
  expect(found.size).toBe(kept.length);
  const lost = acknowledged.filter((number) => !found.has(number));
  expect(lost).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(ROUNDS * 50);
  await env.close();
  rmSync(dataDir, { recursive: true });
}, 60_000);

test('killed while its beginning is removed, the log begins later, and has all from there on', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lectern-crash-'));
  let acknowledged: number[] = [];
  for (let round = 0; round < ROUNDS - 2; round++) {
    const enough = 4_000 + Math.floor(Math.random() * 2_000);
    acknowledged = await appendUntilKilled(dataDir, round * 1_000_000, enough, 'trim');
  }
  const env = await openEmbedded({ dataDir });
  const log = createEmbeddedLog({ env });
  const kept = new Map<number, number>();
  for (const { partition, start, end } of await log.offsets('numbers')) {
    expect(start).toBeGreaterThan(0);
    expect(end - start).toBeGreaterThanOrEqual(500);
    const records = await collect(log.read({ topic: 'numbers', partition, from: start, to: end }));
    expect(records.map(({ offset }) => offset)).toEqual(
      Array.from({ length: end - start }, (_, n) => start + n),
    );
    for (const { value } of records) kept.set(Number(value), (kept.get(Number(value)) ?? 0) + 1);
  }
  // The last ones are among the newest of their partitions.
  expect(acknowledged.slice(-400).filter((number) => kept.get(number) !== 1)).toEqual([]);
  await env.close();
  rmSync(dataDir, { recursive: true });
}, 60_000);
