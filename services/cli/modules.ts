import { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { createModulesListCommand } from './modules-list.ts';
import { createModulesPromoteCommand, createModulesRollbackCommand } from './modules-promote.ts';
import { createModulesRemoveCommand } from './modules-remove.ts';
import { createModulesStatusCommand } from './modules-status.ts';
import { createModulesPauseCommand, createModulesResumeCommand } from './modules-switch.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern modules`; without an environment only what works in a house. */
export function createModulesCommand(env: Environment | null, run: RunInHouse): Command {
  const modules = new Command('modules')
    .description('what is installed, which version of it is shown; pause it, and let it go on')
    .addCommand(createModulesStatusCommand(run))
    .addCommand(createModulesPromoteCommand(run))
    .addCommand(createModulesRollbackCommand(run))
    .addCommand(createModulesRemoveCommand(run))
    .addCommand(createModulesPauseCommand(run))
    .addCommand(createModulesResumeCommand(run));
  return env === null ? modules : modules.addCommand(createModulesListCommand(env));
}
