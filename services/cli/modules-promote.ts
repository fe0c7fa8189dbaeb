import { Command, InvalidArgumentError } from 'commander';
import { LecternError } from '../shared/errors.ts';
import { type VersionLook, waitsOf } from '../shared/versions/look.ts';
import {
  findVersion,
  type KnownVersions,
  lookAt,
  percent,
  recordsBehind,
  type VersionsHouse,
  versionsOf,
} from './module-versions.ts';
import type { RunInHouse } from './run-in-house.ts';

export function parseVersion(text: string): number {
  const version = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(version) || version < 1)
    throw new InvalidArgumentError('give a whole number from 1, as the VERSION of the module.');
  return version;
}

async function decide(
  house: VersionsHouse,
  { name, stands }: KnownVersions,
  version: number,
  because: string,
): Promise<string> {
  const { control } = house;
  const follows = stands?.decisions ?? 0;
  const auto = version >= (stands?.version ?? version);
  const decision = { version, follows, person: true, auto, because };
  await control.publish({ kind: 'active-version', module: name, ...decision });
  const now = control.activeVersion(name);
  if (now?.version !== version || now.decisions !== follows + 1)
    throw new LecternError(
      'CONFIG_INVALID',
      `another decision on ${name} came first: look at it (lectern modules status ${name}), and decide again`,
    );
  const then = auto ? '' : `; no higher version takes over by itself until one is promoted`;
  return `version ${version} of ${name} is shown${house.mayRun ? '' : ' when the product is started again'}${then}`;
}

function wouldShow(look: VersionLook): string {
  const half = look.units.filter(({ isWhole }) => !isWhole).length;
  return half > 0
    ? `${half} of its ${look.units.length} units are not made yet, and whatever is asked of these would be answered with \`rebuilding\` (${percent(look.progress)})`
    : `what is shown would go back by ${recordsBehind(look)} records`;
}

/** Shows a version from now on. Throws CONFIG_INVALID when that would show less than now, unless `now` says so. */
export async function promoteVersion(
  house: VersionsHouse,
  name: string,
  version: number,
  now: boolean,
): Promise<string> {
  const known = await versionsOf(house, name);
  const one = findVersion(known, version);
  if (one.active && known.stands?.auto === true) return `version ${version} of ${name} is shown already`;
  if (!one.active && !now) {
    const look = await lookAt(house, known, one);
    if (!look.covers)
      throw new LecternError(
        'CONFIG_INVALID',
        `version ${version} of ${name} is not ready (${waitsOf(look)}): ${wouldShow(look)}; wait for it (lectern modules status ${name}), or add --now`,
      );
  }
  return decide(house, known, version, 'a person promoted it');
}

/** Goes back to the version that was shown before. Throws CONFIG_INVALID when that has not what is shown now. */
export async function rollBack(house: VersionsHouse, name: string, now: boolean): Promise<string> {
  const known = await versionsOf(house, name);
  const { stands } = known;
  const previous = stands?.previous ?? null;
  const refuse = (problem: string): LecternError => new LecternError('CONFIG_INVALID', problem);
  if (stands === null || previous === null)
    throw refuse(`no other version of ${name} was shown before: there is none to go back to`);
  if (previous > stands.version)
    throw refuse(
      `version ${stands.version} of ${name} is shown since somebody went back to it from ${previous}: name the version that is meant (lectern modules promote ${name} <version>)`,
    );
  const one = known.versions.find(({ version }) => version === previous);
  const look = one === undefined ? null : await lookAt(house, known, one);
  if (look === null || look.units.every(({ target }) => target === null))
    throw refuse(
      `the states of version ${previous} of ${name} are not there any more: install it (LECTERN_MODULES), and once it is made again, lectern modules promote ${name} ${previous}`,
    );
  const behind = look.covers ? null : `${waitsOf(look)}: ${wouldShow(look)}`;
  if (behind !== null && !now)
    throw refuse(
      `version ${previous} of ${name} does not keep up (${behind}); start its workers and wait (lectern modules status ${name}), or add --now`,
    );
  const said = await decide(house, known, previous, `a person went back from version ${stands.version}`);
  return behind === null ? said : `${said}; it is behind: ${behind}`;
}

interface Options {
  readonly now?: boolean;
}

/** `lectern modules promote <name> <version>` */
export function createModulesPromoteCommand(run: RunInHouse): Command {
  return new Command('promote')
    .description('show this version of a module from now on')
    .argument('<name>', 'NAME of the module')
    .argument('<version>', 'its VERSION', parseVersion)
    .option('--now', 'whatever it lacks')
    .action((name: string, version: number, { now }: Options, command: Command) =>
      run(command, async (house, answer) =>
        answer.log(await promoteVersion(house, name, version, now === true)),
      ),
    );
}

/** `lectern modules rollback <name>` */
export function createModulesRollbackCommand(run: RunInHouse): Command {
  return new Command('rollback')
    .description('show the version of a module again that was shown before')
    .argument('<name>', 'NAME of the module')
    .option('--now', 'however far it is behind')
    .action((name: string, { now }: Options, command: Command) =>
      run(command, async (house, answer) => answer.log(await rollBack(house, name, now === true))),
    );
}
