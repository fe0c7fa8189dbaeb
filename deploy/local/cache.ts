import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PARTIAL = '.partial-';
const PARTIAL_MAX_AGE_MS = 3_600_000;

/** Where downloads are kept between runs: `lectern` in the user's cache folder. */
export function cacheDir(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'lectern');
}

/** What a killed download left behind, once no download can still be writing it. */
async function removeAbandoned(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.startsWith(PARTIAL)) continue;
    const path = join(dir, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > PARTIAL_MAX_AGE_MS)
      await rm(path, { recursive: true, force: true });
  }
}

/**
 * The cached folder of this name, filled by `fill` when it is not there. Filled elsewhere and then renamed, so a
 * half-finished download never counts; of several processes filling it at once the first wins and all use its folder.
 */
export async function cached(name: string, fill: (dir: string) => Promise<void>): Promise<string> {
  const target = join(cacheDir(), name);
  if (existsSync(target)) return target;
  await mkdir(cacheDir(), { recursive: true });
  await removeAbandoned(cacheDir());
  const partial = await mkdtemp(join(cacheDir(), PARTIAL));
  try {
    await fill(partial);
    await rename(partial, target);
  } catch (error) {
    if (!existsSync(target)) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return target;
}
