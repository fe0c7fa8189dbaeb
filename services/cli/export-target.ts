import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { s3Shape } from '../shared/cluster-shapes.ts';
import { type Environment, parseConfig } from '../shared/config.ts';
import { LecternError } from '../shared/errors.ts';
import { openDirectoryTarget } from '../shared/export/directory-target.ts';
import type { ExportTarget } from '../shared/export/target.ts';

const S3 = /^s3:\/\/([^/]+)(?:\/(.*))?$/;
/** What archives are made of. */
const ARCHIVED = /^(events|manifests)(\/|$)/;

function fail(fault: string): never {
  throw new LecternError('CONFIG_INVALID', `--out: ${fault}`);
}

async function openBucket(out: string, env: Environment, inArchive: boolean): Promise<ExportTarget> {
  const [, bucket = '', path = ''] = S3.exec(out) ?? fail(`must be s3://bucket/prefix, not ${out}`);
  const prefix = path.replace(/\/+$/, '');
  const isName =
    /^[\x20-\x7e]*$/.test(prefix) && !prefix.split('/').some((part) => ['.', '..'].includes(part));
  if (!isName || /(^|\/)\//.test(prefix))
    fail(`the prefix ${prefix} must be parts of printable ASCII between single /`);
  const { s3Settings } = await import('../shared/cluster.ts');
  const { openS3Target } = await import('../shared/export/s3-target.ts');
  const settings = {
    ...s3Settings(parseConfig(z.object(s3Shape), { LECTERN_S3_BUCKET: bucket, ...env })),
    bucket,
  };
  if (inArchive && bucket === env.LECTERN_S3_BUCKET && (prefix === '' || ARCHIVED.test(prefix)))
    fail(`${out} is the archive itself: name a prefix of its own, as s3://${bucket}/exports`);
  return await openS3Target({ settings, prefix: prefix === '' ? '' : `${prefix}/` });
}

/** Where the archive is that is read, if it is a folder. */
function archiveFolder(dir: string | undefined, env: Environment): string | null {
  if (dir !== undefined) return dir;
  return env.LECTERN_S3_ENDPOINT ? null : join(env.LECTERN_DATA_DIR ?? './data', 'archive');
}

/** Opens a folder, or `s3://bucket/prefix` of the store that LECTERN_S3_* name. Refuses the archive itself. */
export async function openExportTarget(
  out: string,
  dir: string | undefined,
  env: Environment,
): Promise<ExportTarget> {
  const folder = archiveFolder(dir, env);
  if (/^[a-z0-9]+:\/\//i.test(out)) return await openBucket(out, env, folder === null);
  if (out === '') fail('must name a folder, or s3://bucket/prefix');
  const way = folder === null ? '..' : relative(resolve(folder), resolve(out));
  if (way === '' || !(way.startsWith('..') || resolve(way) === way))
    fail(`${out} is in the archive: name a folder beside it`);
  return await openDirectoryTarget(out);
}
