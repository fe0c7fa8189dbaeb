import { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { createModulesListCommand } from './modules-list.ts';
import { createModulesPauseCommand, createModulesResumeCommand } from './modules-switch.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern modules`; without an environment only what works in a house. */
export function createModulesCommand(env: Environment | null, run: RunInHouse): Command {
  const modules = new Command('modules')
    .description('what is installed; pause it, and let it go on')
    .addCommand(createModulesPauseCommand(run))
    .addCommand(createModulesResumeCommand(run));
  return env === null ? modules : modules.addCommand(createModulesListCommand(env));
}
