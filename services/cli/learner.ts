import { Command } from 'commander';
import type { Environment } from '../shared/config.ts';
import { createLearnerEraseCommand } from './learner-erase.ts';
import { createLearnerExportCommand } from './learner-export.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern learner` */
export function createLearnerCommand(env: Environment | null, run: RunInHouse): Command {
  return new Command('learner')
    .description('what is kept of one learner')
    .addCommand(createLearnerExportCommand(env, run))
    .addCommand(createLearnerEraseCommand(run));
}
