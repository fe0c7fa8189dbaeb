import { Command } from 'commander';
import type { ApiKey } from '../shared/control/access-record.ts';
import type { RunInHouse } from './run-in-house.ts';

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  /** Null is all. */
  readonly sources: readonly string[] | null;
  readonly vouches: boolean;
  readonly created: string;
  readonly expires: string | null;
  readonly state: 'valid' | 'expired' | 'revoked';
}

function stateOf({ revoked, expires }: ApiKey, now: number): KeyRow['state'] {
  if (revoked !== null) return 'revoked';
  return expires !== null && expires <= now ? 'expired' : 'valid';
}

/** What is shown of a key: never its hash. */
export function keyRow(key: ApiKey, now: number): KeyRow {
  const { id, name, sources, vouches, created, expires } = key;
  return {
    id,
    name,
    sources,
    vouches,
    created: new Date(created).toISOString(),
    expires: expires === null ? null : new Date(expires).toISOString(),
    state: stateOf(key, now),
  };
}

/** `lectern keys list` */
export function createKeysListCommand(run: RunInHouse): Command {
  return new Command('list')
    .description('list the API keys, those that were revoked or have expired, too')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }, command: Command) =>
      run(command, async ({ control, clock }, answer) => {
        await control.caughtUp();
        const rows = [...control.apiKeys.values()].map((key) => keyRow(key, clock.now()));
        if (json === true) answer.log(JSON.stringify(rows, null, 2));
        else if (rows.length === 0) answer.log('there are no API keys');
        else answer.table(rows.map((row) => ({ ...row, sources: row.sources?.join(' ') ?? 'all' })));
      }),
    );
}
