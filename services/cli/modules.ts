import { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { createModulesListCommand } from './modules-list.ts';
import { createModulesPauseCommand, createModulesResumeCommand } from './modules-switch.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern modules` */
export function createModulesCommand(env: Environment, run: RunInHouse): Command {
  return new Command('modules')
    .description('what is installed; pause it, and let it go on')
    .addCommand(createModulesListCommand(env))
    .addCommand(createModulesPauseCommand(run))
    .addCommand(createModulesResumeCommand(run));
}
