import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import type { StateStore } from '../../services/shared/state/port.ts';
import { AUDIT_MODULE, expectDeadLetters, expectTrails } from '../support/audit.ts';
import { expectCounts, runKillLoop } from '../support/kill-loop.ts';
import {
  assertArchived,
  assertContiguous,
  assertKeptOnce,
  countByStudent,
  readArchive,
  readLog,
} from '../support/ledger.ts';
import { createProgram } from '../support/product.ts';

// Proven here: whatever moment the product is killed at, every acknowledged event is kept once in the log, once in the
// archive, and counted once; states are the fold over what is kept.

const SOURCE = 'org.mitros.writing_analytics';
const TOPIC = `lectern.events.${SOURCE}`;

async function inStores<T>(
  dataDir: string,
  look: (log: EventLog, state: StateStore) => Promise<T>,
): Promise<T> {
  const env = await openEmbedded({ dataDir });
  const log = createEmbeddedLog({ env });
  try {
    return await look(log, createEmbeddedState({ env }));
  } finally {
    await log.close();
    await env.close();
  }
}

describe('the product on the embedded stores, killed ten times while events come in', () => {
  test('keeps and counts every acknowledged event once', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'kill-'));
    const env = {
      LECTERN_DATA_DIR: dataDir,
      LECTERN_LOG_LEVEL: 'warn',
      LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
      LECTERN_MODULES: AUDIT_MODULE,
      LECTERN_CACHE_BYTES: '1048576',
    };
    const product = await createProgram('dist/services/standalone/main.js', env);
    await product.start();
    const acknowledged = await runKillLoop({
      gatewayUrl: () => product.url,
      source: SOURCE,
      rounds: 10,
      async killAndStart() {
        await product.kill();
        await product.start();
      },
    });
    expect(acknowledged.size).toBeGreaterThan(5_000);
    await product.stop();
    const logged = await inStores(dataDir, (log) => readLog(log, TOPIC));
    assertContiguous(logged);
    assertKeptOnce(logged, acknowledged);
    await product.start();
    await expectCounts(product.url, countByStudent(logged));
    await expectTrails(product.url, logged);
    expect(await product.stop()).toBe(0);
    await inStores(dataDir, (_log, state) => expectDeadLetters(state, TOPIC, logged));
    assertArchived(
      await readArchive(createDirectoryArchive({ root: join(dataDir, 'archive') }), SOURCE),
      logged,
    );
  }, 180_000);
});
