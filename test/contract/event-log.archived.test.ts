import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createArchivedLog } from '../../services/shared/log/archived.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import type { Recorded } from '../../services/shared/log/recorded.ts';
import { eventLogContract } from './event-log.ts';

/** What is recorded comes before; of the topics that the contract makes there is nothing. */
const recorded: Recorded = { ranges: new Map(), async *pages() {} };

eventLogContract({
  name: 'an archive that goes on in LMDB',
  describe,
  retentionMs: null,
  async create() {
    const dataDir = mkdtempSync(join(tmpdir(), 'lectern-log-'));
    const env = await openEmbedded({ dataDir });
    const log = createArchivedLog({ recorded, inner: createEmbeddedLog({ env }) });
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
