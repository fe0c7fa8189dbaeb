import { Command } from 'commander';
import { createKeysCreateCommand } from './keys-create.ts';
import { createKeysListCommand } from './keys-list.ts';
import { createKeysRevokeCommand } from './keys-revoke.ts';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern keys` */
export function createKeysCommand(run: RunInHouse): Command {
  return new Command('keys')
    .description('API keys, by which programs prove to the gateways that they may send')
    .addCommand(createKeysCreateCommand(run))
    .addCommand(createKeysListCommand(run))
    .addCommand(createKeysRevokeCommand(run));
}
