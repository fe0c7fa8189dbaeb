import { Command } from 'commander';
import type { House } from './house.ts';
import type { RunInHouse } from './run-in-house.ts';
import { unknownModule } from './units.ts';

/**
 * Pauses a module in all its versions and all workers, or lets it go on. Answers with what changed: nothing, when it was
 * so already.
 */
export async function switchModule(
  { control, modules }: Pick<House, 'control' | 'modules'>,
  name: string,
  paused: boolean,
  reason: string,
): Promise<string> {
  if (!modules.some((module) => module.name === name)) throw unknownModule(name, modules);
  await control.caughtUp();
  const was = control.pausedBecause(name);
  if (was === null && !paused) return `${name} runs already`;
  if (was !== null && paused) return `${name} is paused already: ${was}`;
  await control.publish({ kind: 'module-switch', module: name, paused, reason });
  return paused ? `${name} pauses; to go on: lectern modules resume ${name}` : `${name} goes on`;
}

interface Options {
  readonly reason: string;
}

/** `lectern modules pause <name>` */
export function createModulesPauseCommand(run: RunInHouse): Command {
  return new Command('pause')
    .description('stop reducing the events of a module, in every worker; they wait in the log')
    .argument('<name>', 'NAME of the module')
    .option('--reason <text>', 'for whoever wonders', 'a person paused it')
    .action((name: string, { reason }: Options, command: Command) =>
      run(command, async (house) => console.log(await switchModule(house, name, true, reason))),
    );
}

/** `lectern modules resume <name>` */
export function createModulesResumeCommand(run: RunInHouse): Command {
  return new Command('resume')
    .description('let a module go on that was paused by a person or by its breaker')
    .argument('<name>', 'NAME of the module')
    .option('--reason <text>', 'for whoever wonders', 'a person resumed it')
    .action((name: string, { reason }: Options, command: Command) =>
      run(command, async (house) => console.log(await switchModule(house, name, false, reason))),
    );
}
