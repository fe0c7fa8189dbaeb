import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { createDirectoryArchive } from '../shared/archive/directory.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { s3Shape } from '../shared/cluster-shapes.ts';
import { type Environment, parseConfig } from '../shared/config.ts';
import { LecternError } from '../shared/errors.ts';
import { endWith } from './run-in-house.ts';

/** Opens the archive for as long as `action` runs; a fault ends the process with its message. */
export type RunOnArchive = (
  command: Command,
  dir: string | undefined,
  action: (archive: ArchiveStore) => Promise<void>,
) => Promise<void>;

function openDirectory(root: string, named: string): ArchiveStore {
  if (existsSync(root)) return createDirectoryArchive({ root });
  throw new LecternError(
    'CONFIG_INVALID',
    `${named}: there is no ${root}; name the folder that has events/, or a bucket in LECTERN_S3_ENDPOINT`,
  );
}

async function openArchive(env: Environment, dir: string | undefined): Promise<ArchiveStore> {
  if (dir !== undefined) return openDirectory(dir, '--dir');
  if (env.LECTERN_S3_ENDPOINT) {
    const config = parseConfig(z.object(s3Shape), env);
    const { openS3 } = await import('../shared/cluster.ts');
    return openS3(config);
  }
  return openDirectory(join(env.LECTERN_DATA_DIR ?? './data', 'archive'), 'LECTERN_DATA_DIR');
}

/** Which archive that is, for people: where it lies. */
export function archiveNameOf(env: Environment, dir: string | undefined): string {
  if (dir === undefined && env.LECTERN_S3_ENDPOINT)
    return `${env.LECTERN_S3_ENDPOINT}/${env.LECTERN_S3_BUCKET}`;
  return resolve(dir ?? join(env.LECTERN_DATA_DIR ?? './data', 'archive'));
}

/**
 * The archive alone, with nothing else running or while everything does: the folder that is given, the bucket that
 * LECTERN_S3_* name, or the one of the data directory LECTERN_DATA_DIR.
 */
export function createRunOnArchive(env: Environment): RunOnArchive {
  return async (command, dir, action) => {
    try {
      const archive = await openArchive(env, dir);
      try {
        await action(archive);
      } finally {
        await archive.close();
      }
    } catch (error) {
      endWith(command, error);
    }
  };
}
