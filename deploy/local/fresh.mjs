import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What `dist/` is made from. */
const SOURCES = [
  'services',
  'reducers',
  'examples',
  'schemas',
  'deploy',
  'test/bench',
  'test/support',
  'tsconfig.json',
  'tsconfig.build.json',
  'package-lock.json',
];
const STAMP = 'dist/.built';

function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * True when node_modules is missing, or older than the lockfile it was installed from. One that is only linked here is
 * another checkout's, and installing would empty it.
 */
export function needsInstall(root) {
  const isLink = lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return (
    !isLink &&
    modifiedMs(join(root, 'node_modules/.package-lock.json')) < modifiedMs(join(root, 'package-lock.json'))
  );
}

function filesOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [`${path} ${found.size} ${found.mtimeMs}`];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

/**
 * Names, sizes and times of every source file as one hash. Compared for equality, so it also notices removed files and
 * an older version put back, which the newest time alone would not.
 */
export function fingerprint(root) {
  const hash = createHash('sha256');
  for (const source of SOURCES) hash.update(filesOf(join(root, source)).sort().join('\n'));
  return hash.digest('hex');
}

/** True when dist/ was not built from exactly these sources. */
export function needsBuild(root) {
  try {
    return readFileSync(join(root, STAMP), 'utf8') !== fingerprint(root);
  } catch {
    return true;
  }
}
