import { Command } from 'commander';
import { createLearnerEraseCommand } from './learner-erase.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern learner` */
export function createLearnerCommand(run: RunInHouse): Command {
  return new Command('learner')
    .description('what is kept of one learner')
    .addCommand(createLearnerEraseCommand(run));
}
