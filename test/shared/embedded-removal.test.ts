import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import { createUnitTables } from '../../services/shared/state/embedded-units.ts';
import { collect } from '../support/collect.ts';

const unit = { module: 'm.v1', topic: 't', partition: 0 };
const facts = { formatVersion: 1, partitions: 1, reducersHash: 'h' };

async function fill(store: ReturnType<typeof createEmbeddedState>): Promise<void> {
  await store.claim(unit, 'me', facts, 0);
  const states = new Map(Array.from({ length: 2_500 }, (_, n) => [`f${n}`, 'v'] as const));
  const rest = { lengths: new Map(), deadLetters: [], closed: [], anchor: null, caughtUpAt: null };
  await store.checkpoint(unit, { token: 'me', expected: null, next: 1, states, ...rest });
}

test('a removal that a crash cut off is gone on with by the next one, and what was claimed since stays', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lectern-removal-'));
  const env = await openEmbedded({ dataDir });
  const store = createEmbeddedState({ env });
  const tables = createUnitTables(env);
  await fill(store);
  const { id } = tables.find(unit)!;
  // What a removal has done when its process ends after its second step.
  await env.transaction(() => tables.unname(unit));
  await env.transaction(() => tables.removeSome(id));
  expect(await store.position(unit)).toBeNull();
  expect([...tables.statePages(id)].flat()).toHaveLength(1_500);
  await fill(store);
  const other = { ...unit, partition: 1 };
  await store.remove(other);
  expect([...tables.statePages(id)].flat()).toHaveLength(0);
  expect(tables.removing()).toEqual([]);
  expect(await collect(store.entries(unit))).toHaveLength(2_500);
  await env.close();
  rmSync(dataDir, { recursive: true });
});
