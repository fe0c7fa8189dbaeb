import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import { eventLogContract } from './event-log.ts';

eventLogContract({
  name: 'LMDB',
  retentionMs: null,
  describe,
  async create() {
    const dataDir = mkdtempSync(join(tmpdir(), 'lectern-log-'));
    const env = await openEmbedded({ dataDir });
    const log = createEmbeddedLog({ env });
    return {
      log,
      async close() {
        await log.close();
        await env.close();
        rmSync(dataDir, { recursive: true });
      },
    };
  },
});
