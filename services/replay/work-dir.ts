import { mkdirSync } from 'node:fs';
import { readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedEnv, openEmbedded } from '../shared/embedded.ts';
import { LecternError } from '../shared/errors.ts';
import type { ReplayPlan } from './plan.ts';

/** What makes a replay the one that it is: under other circumstances the states that are there would be wrong. */
export type ReplayIdentity = Readonly<Record<string, string>>;

/** Where a replay keeps what it has, to go on from there after any end. */
export interface WorkDir {
  readonly env: EmbeddedEnv;
  readonly plan: ReplayPlan;
  /** Whether an earlier run of this replay was here. */
  readonly resumed: boolean;
  /** For files that are gone when it ends. */
  readonly scratch: string;
  close(): Promise<void>;
  /** Removes all that was made in it, once it is closed. */
  remove(): Promise<void>;
}

interface Remembered {
  readonly identity: ReplayIdentity;
  readonly plan: ReplayPlan;
}

const DATA = 'data';
const REMEMBERED = 'replay.json';
const SCRATCH = 'scratch';

async function readRemembered(path: string): Promise<Remembered | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Remembered;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Leaves alone what others put there. */
async function removeAll(dir: string): Promise<void> {
  for (const name of [DATA, REMEMBERED, `${REMEMBERED}.partial`, SCRATCH])
    await rm(join(dir, name), { recursive: true, force: true });
  await rmdir(dir).catch(() => undefined);
}

function checkSame(dir: string, before: ReplayIdentity, now: ReplayIdentity): void {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const differ = names
    .filter((name) => before[name] !== now[name])
    .map((name) => `${name} was ${before[name] ?? 'not given'}, and is ${now[name] ?? 'not given'}`);
  if (differ.length > 0)
    throw new LecternError(
      'CONFIG_INVALID',
      `--work: ${dir} is half way through another replay: ${differ.join('; ')}. Give that one's options again to end it; ` +
        'or name another folder, or remove this one',
    );
}

/**
 * Opens the folder of a replay, or makes it and has `plan` say what is to be read. Throws CONFIG_INVALID when it is
 * another's, and DATA_DIR_IN_USE while another process is at it.
 */
export async function openWorkDir(
  dir: string,
  identity: ReplayIdentity,
  plan: () => Promise<ReplayPlan>,
): Promise<WorkDir> {
  mkdirSync(dir, { recursive: true });
  const env = await openEmbedded({ dataDir: join(dir, DATA) });
  const path = join(dir, REMEMBERED);
  try {
    const before = await readRemembered(path);
    if (before !== null) checkSame(dir, before.identity, identity);
    const remembered = before ?? { identity, plan: await plan() };
    if (before === null) {
      await writeFile(`${path}.partial`, JSON.stringify(remembered, null, 2));
      await rename(`${path}.partial`, path);
    }
    return {
      env,
      plan: remembered.plan,
      resumed: before !== null,
      scratch: join(dir, SCRATCH),
      close: () => env.close(),
      remove: () => removeAll(dir),
    };
  } catch (error) {
    await env.close();
    // Nothing is folded yet of what could not be planned.
    if ((await readRemembered(path)) === null) await removeAll(dir);
    throw error;
  }
}
