import { join } from 'node:path';
import { startChild } from '../../deploy/local/child.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { createS3Archive } from '../../services/shared/archive/s3.ts';
import { archivedTopic } from '../faults/archived.ts';
import type { BenchModule, House } from './house.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'dist/services/archiver/main.js');
const DEADLINE_MS = 300_000;
/** To look asks the archive about every object, while the archiver works. */
const LOOK_MS = 2_000;

/** Has an archiver, as it runs in production, archive everything that a topic holds, and ends it then. */
export async function archiveTopic(
  house: House,
  modules: readonly BenchModule[],
  topic: string,
): Promise<void> {
  const { s3 } = house.stack.addresses;
  const archive = createS3Archive({ ...s3, region: 'us-east-1' });
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild({
    run: house.run,
    name: 'the archiver',
    command: process.execPath,
    args: [PROGRAM],
    env: {
      PATH,
      HOME,
      ...house.variables,
      LECTERN_MODULES: modules.map(({ folder }) => folder).join(','),
      LECTERN_PORT: String(await freePort()),
      LECTERN_ARCHIVE_MAX_AGE_MS: '10000',
    },
    cwd: ROOT,
  });
  try {
    await archivedTopic({ ...house, archive }, topic, { timeoutMs: DEADLINE_MS, intervalMs: LOOK_MS });
  } finally {
    await child.stop('SIGTERM');
    await archive.close();
  }
}
