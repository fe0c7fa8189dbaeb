import { Command } from 'commander';
import { createBlocklistAddCommand } from './blocklist-add.ts';
import { createBlocklistListCommand } from './blocklist-list.ts';
import { createBlocklistRemoveCommand } from './blocklist-remove.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern blocklist` */
export function createBlocklistCommand(run: RunInHouse): Command {
  return new Command('blocklist')
    .description('senders that every gateway turns away')
    .addCommand(createBlocklistListCommand(run))
    .addCommand(createBlocklistAddCommand(run))
    .addCommand(createBlocklistRemoveCommand(run));
}
