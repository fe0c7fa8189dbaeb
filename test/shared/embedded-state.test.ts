import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import { collect } from '../support/collect.ts';

const unitOf = (partition: number) => ({ module: 'm.v1', topic: 't', partition });
const anchorOf = (n: number) => ({ offset: n - 1, timestamp: 1_000 + n, id: `event-${n}` });

test('reopened, it has every unit as it was, beside the log in one environment', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'lectern-state-'));
  const first = await openEmbedded({ dataDir });
  const store = createEmbeddedState({ env: first });
  const log = createEmbeddedLog({ env: first });
  const facts = { formatVersion: 1, partitions: 20, reducersHash: 'h' };
  await log.ensureTopics([{ name: 't', partitions: 20 }]);
  await (await log.createProducer()).send([{ topic: 't', key: 'k', value: Buffer.from('v') }]);
  // At once, so that first claims and checkpoints share commits.
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      await store.claim(unitOf(n), `owner-${n}`, facts, 100);
      const states = new Map([
        ['f', `value-${n}`],
        ['x'.repeat(3_000), 'long'],
      ]);
      const dead = { reducer: 'm.r', version: 1, topic: 't', partition: n, offset: n, reason: 'r' };
      const checkpoint = { token: `owner-${n}`, expected: null, next: n, states, deadLetters: [dead] };
      await store.checkpoint(unitOf(n), {
        ...checkpoint,
        lengths: new Map(),
        closed: [],
        anchor: anchorOf(n),
        caughtUpAt: n,
      });
      await store.mark(unitOf(n), `owner-${n}`, { offset: n, reducer: 'm.r' });
    }),
  );
  await store.close();
  await log.close();
  await first.close();

  const second = await openEmbedded({ dataDir });
  const reopened = createEmbeddedState({ env: second });
  for (let n = 0; n < 20; n++) {
    expect(await reopened.position(unitOf(n))).toEqual({
      next: n,
      target: 100,
      caughtUpAt: n,
      completeAt: null,
      partitions: 20,
    });
    expect((await collect(reopened.entries(unitOf(n)))).map(({ value }) => value)).toEqual([
      `value-${n}`,
      'long',
    ]);
    expect((await collect(reopened.deadLetters(unitOf(n)))).map(({ offset }) => offset)).toEqual([n]);
    expect(await reopened.claim(unitOf(n), 'next', facts, 500)).toEqual({
      next: n,
      facts,
      anchor: anchorOf(n),
      target: 100,
      claims: 1,
      attempt: { offset: n, reducer: 'm.r', times: 1 },
    });
  }
  await second.close();
  rmSync(dataDir, { recursive: true });
});
