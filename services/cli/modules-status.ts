import { Command } from 'commander';
import { waitsOf } from '../shared/versions/look.ts';
import {
  type KnownVersion,
  type KnownVersions,
  lookAt,
  percent,
  recordsBehind,
  type VersionsHouse,
  versionsOf,
} from './module-versions.ts';
import type { RunInHouse } from './run-in-house.ts';

/** What `--json` prints of each version. */
interface VersionStatus {
  readonly module: string;
  readonly version: number;
  readonly active: boolean;
  readonly installed: boolean;
  readonly progress: number;
  readonly behind: number;
  /** The units of the topics of events, and those of events under other keys. */
  readonly sets: readonly { readonly set: string; readonly units: number; readonly ready: number }[];
  /** What it waits for before it is whole, and before it may be shown; null for nothing. */
  readonly waits: string | null;
  /** Whether a higher version takes over by itself; null where nobody has decided yet. */
  readonly auto: boolean | null;
  readonly because: string | null;
}

async function statusOf(
  house: VersionsHouse,
  known: KnownVersions,
  one: KnownVersion,
): Promise<VersionStatus> {
  const look = await lookAt({ ...house, mayRun: false }, known, one);
  const { rekeyTopic } = one.shape;
  const setOf = (set: string, isIn: (topic: string) => boolean) => {
    const units = look.units.filter(({ topic }) => isIn(topic));
    return { set, units: units.length, ready: units.filter(({ waits }) => waits === null).length };
  };
  const events = setOf('events', (topic) => topic !== rekeyTopic);
  const { stands } = known;
  const isHeld = stands !== null && !stands.auto && one.version > stands.version;
  const held = `a person decided for ${stands?.version}: lectern modules promote ${known.name} ${one.version}`;
  return {
    module: known.name,
    version: one.version,
    active: one.active,
    installed: one.installed,
    progress: look.progress,
    behind: recordsBehind(look),
    sets: rekeyTopic === null ? [events] : [events, setOf('rekey', (topic) => topic === rekeyTopic)],
    waits: waitsOf(look) ?? (isHeld ? held : null),
    auto: stands?.auto ?? null,
    because: one.active ? (stands?.because ?? null) : null,
  };
}

/** `lectern modules status`: of each module the versions that are installed or have states, and how far each is. */
export function createModulesStatusCommand(run: RunInHouse): Command {
  return new Command('status')
    .description('which version of each module is shown, and how far the others are')
    .argument('[name]', 'NAME of a module')
    .option('--json', 'print JSON')
    .action((name: string | undefined, { json }: { json?: boolean }, command: Command) =>
      run(command, async (house, answer) => {
        const names = name === undefined ? new Set(house.modules.map((module) => module.name)) : [name];
        const rows: VersionStatus[] = [];
        for (const each of [...names].sort()) {
          const known = await versionsOf(house, each);
          for (const one of known.versions) rows.push(await statusOf(house, known, one));
        }
        if (json === true) answer.log(JSON.stringify(rows, null, 2));
        else
          answer.table(
            rows.map(({ sets, progress, because, ...row }) => ({
              ...row,
              progress: percent(progress),
              sets: sets.map(({ set, units, ready }) => `${set} ${ready}/${units}`).join(', '),
              because: because ?? '',
              waits: row.waits ?? '',
            })),
          );
      }),
    );
}
