import { Command } from 'commander';
import type { RunInHouse } from './run-in-house.ts';
import { createSourcesClaimCommand } from './sources-claim.ts';
import { createSourcesListCommand } from './sources-list.ts';

/** `lectern sources` */
export function createSourcesCommand(run: RunInHouse): Command {
  return new Command('sources')
    .description('where events come from, and those of sources that nobody has named yet')
    .addCommand(createSourcesListCommand(run))
    .addCommand(createSourcesClaimCommand(run));
}
