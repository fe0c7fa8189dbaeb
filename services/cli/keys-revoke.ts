import { Command } from 'commander';
import { idOfKey } from '../shared/access-key.ts';
import { LecternError } from '../shared/errors.ts';
import type { House } from './house.ts';
import type { RunInHouse } from './run-in-house.ts';

/** Revokes a key for good, given by its id or, when somebody found it, by itself. Answers with what changed. */
export async function revokeKey(
  { control, clock, mayRun }: Pick<House, 'control' | 'clock' | 'mayRun'>,
  given: string,
): Promise<string> {
  await control.caughtUp();
  const id = idOfKey(given) ?? given;
  const key = control.apiKeys.get(id);
  if (key === undefined)
    throw new LecternError('CONFIG_INVALID', 'no API key has that id: lectern keys list shows them');
  if (key.revoked !== null) return `API key ${id} (${key.name}) is revoked already`;
  await control.publish({ ...key, revoked: clock.now() });
  const now = `API key ${id} (${key.name}) is revoked`;
  return mayRun ? now : `${now}, when the product is started again`;
}

/** `lectern keys revoke <id>` */
export function createKeysRevokeCommand(run: RunInHouse): Command {
  return new Command('revoke')
    .description('end an API key in every gateway at once, with the sockets that it opened; that is final')
    .argument('<id>', 'its id, or the key')
    .action((id: string, _options: unknown, command: Command) =>
      run(command, async (house, answer) => answer.log(await revokeKey(house, id))),
    );
}
