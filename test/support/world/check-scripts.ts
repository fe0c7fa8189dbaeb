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
  readonly copies?: boolean;
  /** Rejects with the first script that goes wrong, however large it is. */
  readonly asFound?: boolean;
  /** After so long it rejects, with the smallest script found until then, if there is one. */
  readonly limitMs?: number;
}

/** Every schedule of this many milliseconds at most, on a machine that does much else. */
const MS_A_SCHEDULE = 1_000;
const SHRINKING_MS = 60_000;

export interface Schedules {
  readonly name: string;
  readonly runs: number;
  readonly seed: number;
  readonly limitMs: number;
}

/** How many schedules there are by default: some are always the same, some always others. */
export interface Usual {
  readonly fixed: number;
  readonly fresh: number;
}

/**
 * Which schedules are run: the usual ones, or as many as `LECTERN_SCHEDULES` says, of the seed that
 * `LECTERN_SCHEDULES_SEED` says or of a fresh one.
 */
export function schedulesFromEnvironment({ fixed, fresh }: Usual): readonly Schedules[] {
  const { LECTERN_SCHEDULES: wanted, LECTERN_SCHEDULES_SEED: given } = process.env;
  const some = (name: string, runs: number, seed: number): Schedules => ({
    name: `${runs} ${name}`,
    runs,
    seed,
    limitMs: SHRINKING_MS + runs * MS_A_SCHEDULE,
  });
  const now = Date.now() % 2 ** 31;
  if (wanted === undefined && given === undefined)
    return [some('random schedules', fixed, 1), some('fresh random schedules', fresh, now)];
  return [some('random schedules', Number(wanted ?? fixed), Number(given ?? now))];
}

/** Runs random scripts. Rejects with the smallest script found that goes wrong, how, and how to see it again. */
export async function checkScripts(checks: ScriptChecks): Promise<{ readonly perMinute: number }> {
  const { runs, seed, path, options, limitMs, asFound = false, fleeting = true, copies = false } = checks;
  const begun = performance.now();
  const found = await fc.check(
    fc.asyncProperty(randomScripts({ fleeting, copies }), async (script) => {
      await runScript(script, options);
    }),
    {
      numRuns: runs,
      seed,
      endOnFailure: asFound,
      ...(path === undefined ? {} : { path }),
      ...(limitMs === undefined ? {} : { interruptAfterTimeLimit: limitMs, markInterruptAsFailure: true }),
    },
  );
  if (found.failed) {
    if (found.counterexample === null)
      throw new Error(`of ${runs} schedules of seed ${seed} only ${found.numRuns} ran within ${limitMs} ms`);
    const [script] = found.counterexample as [Script];
    const error = found.errorInstance;
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\n  ${describeScript(script)}\n  again: seed ${seed}, path ${found.counterexamplePath}; LECTERN_SCHEDULES=${runs} LECTERN_SCHEDULES_SEED=${seed} npm test -- exactly-once.test`,
      { cause: error },
    );
  }
  return { perMinute: Math.round((found.numRuns / (performance.now() - begun)) * 60_000) };
}
