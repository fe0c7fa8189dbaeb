import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { createDirectoryArchive } from '../shared/archive/directory.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { s3Shape } from '../shared/cluster-shapes.ts';
import { commonShape, type Environment, parseConfig } from '../shared/config.ts';
import { openEmbedded } from '../shared/embedded.ts';
import { restoringMark } from '../shared/embedded-restoring.ts';
import { LecternError } from '../shared/errors.ts';
import { loadInstallation } from '../shared/installation.ts';
import { createEmbeddedLog } from '../shared/log/embedded.ts';
import { createProgress } from './progress.ts';
import { copyArchive } from './restore/copy-archive.ts';
import { type RestoredPartition, restore } from './restore/restore.ts';
import { endWith } from './run-in-house.ts';

interface RestoreArguments {
  readonly from: string;
  readonly json?: boolean;
}

const refuse = (message: string): LecternError => new LecternError('CONFIG_INVALID', message);

const schema = z.object({ ...commonShape, LECTERN_DATA_DIR: z.string().min(1).default('./data') });

/** Where the archive is copied from; null when it stays where it is. */
function folderToCopy(from: string, dataDir: string, env: Environment): string | null {
  if (from === 's3') return null;
  if (env.LECTERN_S3_ENDPOINT)
    throw refuse(
      `--from ${from}: LECTERN_S3_ENDPOINT is set, so the product archives there: restore --from s3, or unset it`,
    );
  const root = existsSync(join(from, 'events')) ? from : join(from, 'archive');
  if (!existsSync(join(root, 'events')))
    throw refuse(`--from: there is no archive in ${from}: name the folder that has events/, or s3`);
  const own = join(dataDir, 'archive');
  if (!existsSync(own)) return root;
  if (realpathSync(own) === realpathSync(root)) return null;
  if (existsSync(join(own, 'events')) && !existsSync(restoringMark(dataDir)))
    throw refuse(
      `LECTERN_DATA_DIR: ${own} has an archive: restore --from ${own}, or into a new data directory`,
    );
  return root;
}

async function restoreInto(env: Environment, from: string): Promise<readonly RestoredPartition[]> {
  const config = parseConfig(schema, env);
  const { LECTERN_DATA_DIR: dataDir, LECTERN_NAMESPACE: namespace } = config;
  if (existsSync(join(dataDir, 'lectern.mdb')) && !existsSync(restoringMark(dataDir)))
    throw refuse(
      `LECTERN_DATA_DIR: ${dataDir} has a log: restore into a new data directory, or move lectern.mdb away`,
    );
  const folder = folderToCopy(from, dataDir, env);
  const installation = await loadInstallation(config);
  const s3 =
    from === 's3' ? (await import('../shared/cluster.ts')).openS3(parseConfig(z.object(s3Shape), env)) : null;
  mkdirSync(dataDir, { recursive: true });
  await writeFile(restoringMark(dataDir), `${from}\n`, { flush: true });
  const directory = await openEmbedded({ dataDir, lockWaitMs: 0 });
  const log = createEmbeddedLog({ env: directory });
  const archive: ArchiveStore = s3 ?? createDirectoryArchive({ root: join(dataDir, 'archive') });
  const progress = createProgress('objects');
  try {
    // What is cut later must not come again: a copy that was finished is one once and for all.
    const isCopied = (await log.partitionCount(`${namespace}.control`)) !== null;
    if (folder !== null && !isCopied)
      await copyArchive(createDirectoryArchive({ root: folder }), archive, progress);
    const restored = await restore({ log, archive, namespace, installation });
    rmSync(restoringMark(dataDir));
    return restored;
  } finally {
    progress.end();
    await log.close();
    await archive.close();
    await directory.close();
  }
}

/** `lectern restore` */
export function createRestoreCommand(env: Environment): Command {
  return new Command('restore')
    .description('make a new data directory out of the archive of one that is lost')
    .requiredOption('--from <place>', 's3, where LECTERN_S3_ variables name the bucket; or a folder')
    .option('--json', 'print JSON')
    .action(async ({ from, json = false }: RestoreArguments, command: Command) => {
      try {
        const restored = await restoreInto(env, from);
        const held = restored.filter(({ next }) => next > 0);
        if (json) console.log(JSON.stringify(restored, null, 2));
        else if (held.length > 0) console.table(held);
        if (held.length === 0) console.error('nothing of the namespace is archived there');
        else if (!json)
          console.log(
            'restored; what was acknowledged and not archived yet is lost. Start the product: it folds the states anew',
          );
      } catch (error) {
        endWith(command, error);
      }
    });
}
