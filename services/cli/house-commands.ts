import type { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { createBlocklistCommand } from './blocklist.ts';
import { createDeadLettersCommand } from './dead-letters.ts';
import { createKeysCommand } from './keys.ts';
import { createLearnerCommand } from './learner.ts';
import { createModulesCommand } from './modules.ts';
import type { RunInHouse } from './run-in-house.ts';
import { createSourcesCommand } from './sources.ts';

/** Every command that works in a house. Without an environment none of them looks at anything else. */
export function createHouseCommands(env: Environment | null, run: RunInHouse): readonly Command[] {
  return [
    createModulesCommand(env, run),
    createDeadLettersCommand(run),
    createKeysCommand(run),
    createBlocklistCommand(run),
    createSourcesCommand(run),
    createLearnerCommand(env, run),
  ];
}
