import { Command, InvalidArgumentError } from 'commander';
import { LecternError } from '../shared/errors.ts';
import type { House } from './house.ts';
import type { RunInHouse } from './run-in-house.ts';
import { unknownModule } from './units.ts';

/**
 * Pauses a module in all its versions and all workers, or lets it go on. Answers with what changed: nothing, when it was
 * so already.
 */
export async function switchModule(
  { control, modules, mayRun }: Pick<House, 'control' | 'modules' | 'mayRun'>,
  name: string,
  paused: boolean,
  because: string,
): Promise<string> {
  if (!modules.some((module) => module.name === name)) throw notAName(name, modules);
  await control.caughtUp();
  const was = control.pausedBecause(name);
  if (was === null && !paused) return `${name} runs already`;
  if (was !== null && paused) return `${name} is ${was.replace('paused', 'paused already')}`;
  await control.publish({ kind: 'module-switch', module: name, paused, reason: because });
  const now = paused ? `${name} pauses; to go on: lectern modules resume ${name}` : `${name} goes on`;
  return mayRun ? now : `${now}, when the product is started again`;
}

function notAName(name: string, modules: House['modules']): LecternError {
  const version = modules.find((module) => module.id === name);
  if (version === undefined) return unknownModule(name, modules);
  return new LecternError(
    'CONFIG_INVALID',
    `${name} is one version, and all versions of a module pause together: name ${version.name}`,
  );
}

function reason(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('say something, or leave it out.');
  return text;
}

interface Options {
  readonly reason: string;
}

/** `lectern modules pause <name>` */
export function createModulesPauseCommand(run: RunInHouse): Command {
  return new Command('pause')
    .description('stop reducing the events of a module, in every worker; they wait in the log')
    .argument('<name>', 'NAME of the module')
    .option('--reason <text>', 'for whoever wonders', reason, 'a person paused it')
    .action((name: string, options: Options, command: Command) =>
      run(command, async (house, answer) =>
        answer.log(await switchModule(house, name, true, options.reason)),
      ),
    );
}

/** `lectern modules resume <name>` */
export function createModulesResumeCommand(run: RunInHouse): Command {
  return new Command('resume')
    .description('let a module go on that was paused by a person or by its breaker')
    .argument('<name>', 'NAME of the module')
    .option('--reason <text>', 'for whoever wonders', reason, 'a person resumed it')
    .action((name: string, options: Options, command: Command) =>
      run(command, async (house, answer) =>
        answer.log(await switchModule(house, name, false, options.reason)),
      ),
    );
}
