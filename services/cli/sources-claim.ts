import { Command, InvalidArgumentError } from 'commander';
import { type ClaimedSource, claimSource } from './claim-source.ts';
import type { RunInHouse } from './run-in-house.ts';

interface Options {
  readonly quiet: number;
  readonly wait: number;
  readonly json?: boolean;
}

const LONGEST_SECONDS = 86_400;

function seconds(text: string): number {
  const given = Number(text);
  if (text.trim() === '' || !(given >= 0 && given <= LONGEST_SECONDS))
    throw new InvalidArgumentError(`give seconds, from 0 to ${LONGEST_SECONDS}.`);
  return given;
}

function tell({ source, topic, copied, copiedLate, stillComing }: ClaimedSource): string {
  const said = `${source}: ${copied} events copied to ${topic}, ${copiedLate} of them after the gateways were told; they send its events there from now on`;
  if (!stillComing) return said;
  return `${said}. But some still came to the unclaimed ones at the end: a gateway does not follow the control topic yet (look at its /readyz and log), so run lectern sources claim ${source} again`;
}

/** `lectern sources claim <source...>`: exits with 1 when gateways had not all switched, as far as could be seen. */
export function createSourcesClaimCommand(run: RunInHouse): Command {
  return new Command('claim')
    .description(
      'give sources topics of their own, and copy the events there that wait unclaimed; may be run again at any time',
    )
    .argument('<source...>', 'as events name it')
    .option(
      '--quiet <seconds>',
      'for how long nothing must come to the unclaimed events any more',
      seconds,
      5,
    )
    .option('--wait <seconds>', 'how long to wait for that', seconds, 60)
    .option('--json', 'print JSON')
    .action((sources: readonly string[], { quiet, wait, json }: Options, command: Command) =>
      run(command, async (house, answer) => {
        const progress = answer.progress('records');
        const claimed: ClaimedSource[] = [];
        try {
          for (const source of new Set(sources)) {
            const one = await claimSource(
              house,
              source,
              { quietMs: quiet * 1_000, waitMs: wait * 1_000 },
              progress,
            );
            claimed.push(one);
            if (json !== true) answer.log(tell(one));
            if (one.stillComing) answer.fail();
          }
        } finally {
          progress.end();
          if (json === true) answer.log(JSON.stringify(claimed, null, 2));
        }
      }),
    );
}
