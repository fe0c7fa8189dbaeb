import { Command } from 'commander';
import { createDropCommand } from './dead-letters-drop.ts';
import { createListCommand } from './dead-letters-list.ts';
import { createRequeueCommand } from './dead-letters-requeue.ts';
import { createShowCommand } from './dead-letters-show.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern dead-letters` */
export function createDeadLettersCommand(run: RunInHouse): Command {
  return new Command('dead-letters')
    .description('events that a reducer or the decoder refused: see why, reduce them again, or drop them')
    .addCommand(createListCommand(run))
    .addCommand(createShowCommand(run))
    .addCommand(createRequeueCommand(run))
    .addCommand(createDropCommand(run));
}
