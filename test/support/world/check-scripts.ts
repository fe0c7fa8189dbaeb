import * as fc from 'fast-check';
import { randomScripts } from './random-script.ts';
import { runScript } from './run.ts';
import { describeScript, type Script } from './script.ts';
import type { WorldOptions } from './world.ts';

export interface ScriptChecks {
  readonly runs: number;
  readonly seed: number;
  /** Goes straight to one schedule, or to a smaller form of it, as a failure named it. */
  readonly path?: string;
  readonly options?: Omit<WorldOptions, 'script' | 'logger'>;
  /** See `ScriptLimits`. */
  readonly fleeting?: boolean;
  /** Rejects with the first script that goes wrong, however large it is. */
  readonly asFound?: boolean;
}

/** Every schedule of this many milliseconds at most, on a machine that does much else. */
const MS_A_SCHEDULE = 400;

/**
 * How many schedules, and which: `LECTERN_SCHEDULES` says how many instead of the usual number, and
 * `LECTERN_SCHEDULES_SEED` which. Without a seed the usual number is always the same schedules, any other always new ones.
 */
export function schedulesFromEnvironment(usual: number): {
  readonly runs: number;
  readonly seed: number;
  readonly timeoutMs: number;
} {
  const { LECTERN_SCHEDULES: wanted, LECTERN_SCHEDULES_SEED: given } = process.env;
  const runs = wanted === undefined ? usual : Number(wanted);
  const seed = given === undefined ? (wanted === undefined ? 1 : Date.now() % 2 ** 31) : Number(given);
  return { runs, seed, timeoutMs: 60_000 + runs * MS_A_SCHEDULE };
}

/** Runs random scripts. Rejects with the smallest script found that goes wrong, how, and how to see it again. */
export async function checkScripts(checks: ScriptChecks): Promise<{ readonly perMinute: number }> {
  const { runs, seed, path, options, asFound = false, fleeting = true } = checks;
  const begun = performance.now();
  const found = await fc.check(
    fc.asyncProperty(randomScripts({ fleeting }), async (script) => {
      await runScript(script, options);
    }),
    { numRuns: runs, seed, endOnFailure: asFound, ...(path === undefined ? {} : { path }) },
  );
  if (found.failed) {
    const [script] = found.counterexample as [Script];
    const error = found.errorInstance;
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\n  ${describeScript(script)}\n  again: seed ${seed}, path ${found.counterexamplePath}`,
      { cause: error },
    );
  }
  return { perMinute: Math.round((found.numRuns / (performance.now() - begun)) * 60_000) };
}
