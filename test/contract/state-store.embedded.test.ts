import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedState } from '../../services/shared/state/embedded.ts';
import { stateStoreContract } from './state-store.ts';

stateStoreContract({
  name: 'LMDB',
  describe,
  async create() {
    const dataDir = mkdtempSync(join(tmpdir(), 'lectern-state-'));
    const env = await openEmbedded({ dataDir });
    return {
      store: createEmbeddedState({ env }),
      async close() {
        await env.close();
        rmSync(dataDir, { recursive: true });
      },
    };
  },
});
