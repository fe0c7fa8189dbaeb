import { createLogger } from '../../../services/shared/logger.ts';
import { createPerformer } from './perform.ts';
import { createRandom } from './random.ts';
import type { Script } from './script.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

/** How much virtual time a world gets to come to rest once nothing goes wrong any more. */
const QUIET_WITHIN_MS = 600_000;
const STEP_MS = 500;
/** For what is still on its way when everything is stored: late answers, and processes that do not know yet. */
const LINGER_MS = 2_500;

async function isQuiet({ units, redo, placed }: World): Promise<boolean> {
  for (const unit of units) {
    const last = placed(unit).at(-1);
    const next = (await redo.store.position(unit))?.next ?? 0;
    if (last !== undefined && next <= last.offset) return false;
  }
  return true;
}

async function describe({ units, redo, placed, slots }: World): Promise<string> {
  const positions = await Promise.all(
    units.map(async (unit) => {
      const next = (await redo.store.position(unit))?.next;
      return `${unit.module} ${unit.partition}: ${next} of ${(placed(unit).at(-1)?.offset ?? -1) + 1}`;
    }),
  );
  const reasons = slots.flatMap(({ machine, worker }) =>
    machine.alive
      ? [...worker.notReady(), ...worker.degraded()].map((reason) => `${machine.name}: ${reason}`)
      : [],
  );
  return [...positions, ...reasons].join('; ');
}

async function comeToRest(world: World): Promise<void> {
  const { schedule, faults, slots } = world;
  world.sends.failing = 0;
  Object.assign(faults, { awayUntil: 0, slowUntil: 0, lostReplies: 0, lostCommands: 0, resent: 0 });
  for (let waited = 0; ; waited += STEP_MS) {
    for (const slot of slots) slot.heal();
    await schedule.run(STEP_MS);
    if (await isQuiet(world)) return;
    if (waited > QUIET_WITHIN_MS)
      throw new Error(`the world does not come to rest: ${await describe(world)}`);
  }
}

export interface Run {
  /** How many records are in rekey topics besides those that they need. */
  readonly duplicates: number;
}

/**
 * Runs a script to its end, and then until everything is reduced. Rejects at the first checkpoint that is not the fold
 * of the records below its offset, and when something is lost, doubled or stuck at the end.
 */
export async function runScript(
  script: Script,
  options: Omit<WorldOptions, 'script' | 'logger'> = {},
): Promise<Run> {
  const ownRandom = Math.random;
  // The worker spreads its attempts at random: replayable only with these.
  Math.random = createRandom(script.seed + 1).next;
  try {
    const logger = createLogger({ service: 'world', level: 'silent' });
    const world = createWorld({ ...options, script, logger });
    const perform = createPerformer(world);
    for (const { happening, passMs } of script.items) {
      await perform(happening);
      await world.schedule.run(passMs);
    }
    await comeToRest(world);
    await world.schedule.run(LINGER_MS);
    await comeToRest(world);
    for (const unit of world.units) await world.check(unit);
    const duplicates = world.checkRekeyed();
    for (const { machine } of world.slots) machine.cut();
    return { duplicates };
  } finally {
    Math.random = ownRandom;
  }
}
