import { Command } from 'commander';
import type { RunInHouse } from './run-in-house.ts';

/** `lectern blocklist list` */
export function createBlocklistListCommand(run: RunInHouse): Command {
  return new Command('list')
    .description('list the blocks, those that have ended by themselves, too')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }, command: Command) =>
      run(command, async ({ control, clock }, answer) => {
        await control.caughtUp();
        const now = clock.now();
        const rows = [...control.blocks.values()].map(
          ({ subject, value, action, timeLimit, until, message }) => ({
            subject,
            value,
            action,
            timeLimit,
            until: until === null ? null : new Date(until).toISOString(),
            ended: until !== null && until <= now,
            message,
          }),
        );
        if (json === true) answer.log(JSON.stringify(rows, null, 2));
        else if (rows.length === 0) answer.log('nobody is blocked');
        else answer.table(rows);
      }),
    );
}
