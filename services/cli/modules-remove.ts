import { Command } from 'commander';
import { LecternError } from '../shared/errors.ts';
import { keyOf } from '../shared/log/partition-key.ts';
import type { Position, Unit } from '../shared/state/port.ts';
import { moduleId } from '../shared/versions/shape.ts';
import type { House } from './house.ts';
import { parseVersion } from './modules-promote.ts';
import { createProgress } from './progress.ts';
import type { RunInHouse } from './run-in-house.ts';
import { unitsOf } from './units.ts';

type RemovingHouse = Pick<
  House,
  'namespace' | 'modules' | 'sources' | 'log' | 'state' | 'control' | 'clock' | 'mayRun'
>;

/** Longer than an idle owner takes to renew what it stores. */
const WATCHED_MS = 2_500;

/** Those that were ever claimed, and those that may have been, in any topic that there is. */
async function unitsToRemove(house: RemovingHouse, name: string, id: string): Promise<readonly Unit[]> {
  const claimed = house.control.claimedUnits(name).filter(({ module }) => module === id);
  const all = [...claimed, ...(await unitsOf(id, house))];
  return [...new Map(all.map((unit) => [keyOf(unit), unit])).values()];
}

const isSame = (one: Position | null, other: Position | null): boolean =>
  one?.next === other?.next && one?.caughtUpAt === other?.caughtUpAt;

async function positionsOf(house: RemovingHouse, units: readonly Unit[]): Promise<(Position | null)[]> {
  const positions: (Position | null)[] = [];
  for (const unit of units) positions.push(await house.state.position(unit));
  return positions;
}

/**
 * Removes states, dead letters, sessions and positions of a version that is not shown; the archive keeps its events, so it
 * can be made again. Throws CONFIG_INVALID, before anything is removed, when it is shown or its workers run: they would make
 * it again at once. May be called again after it was cut off.
 */
export async function removeVersion(
  house: RemovingHouse,
  name: string,
  version: number,
  removed: { expect(count: number): void; done(count: number): void },
): Promise<string> {
  const id = moduleId(name, version);
  const refuse = (problem: string): LecternError => new LecternError('CONFIG_INVALID', problem);
  await house.control.caughtUp();
  const stands = house.control.activeVersion(name);
  if (stands === null)
    throw refuse(`which version of ${name} is shown is not decided: start its workers once, or promote one`);
  if (stands.version === version)
    throw refuse(
      `version ${version} of ${name} is shown: promote another one first (lectern modules promote)`,
    );
  const units = await unitsToRemove(house, name, id);
  const before = await positionsOf(house, units);
  const stored = before.filter((position) => position !== null).length;
  if (stored > 0 && house.mayRun) {
    await house.clock.sleep(WATCHED_MS);
    const after = await positionsOf(house, units);
    if (after.some((position, index) => !isSame(position, before[index]!)))
      throw refuse(
        `workers of ${id} run, and would make it again: leave it out of LECTERN_MODULES, or replace its folder, start every worker again, and then remove it`,
      );
  }
  removed.expect(units.length);
  for (const unit of units) {
    await house.state.remove(unit);
    removed.done(1);
  }
  const again = house.modules.some((module) => module.id === id)
    ? `; it is installed here: where a worker is started with it, it is made again`
    : '';
  return stored === 0
    ? `${id} has no states`
    : `${id} is removed: ${stored} units with their states; its events stay archived${again}`;
}

/** `lectern modules remove <name> <version>` */
export function createModulesRemoveCommand(run: RunInHouse): Command {
  return new Command('remove')
    .description('remove the states and dead letters of a version that is not shown; the archive stays')
    .argument('<name>', 'NAME of the module')
    .argument('<version>', 'its VERSION', parseVersion)
    .action((name: string, version: number, _options: object, command: Command) =>
      run(command, async (house, answer) => {
        const progress = createProgress('units');
        try {
          answer.log(await removeVersion(house, name, version, progress));
        } finally {
          progress.end();
        }
      }),
    );
}
