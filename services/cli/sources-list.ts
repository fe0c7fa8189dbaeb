import { Command } from 'commander';
import { countWaiting, type Waiting } from '../shared/unclaimed/waiting-events.ts';
import type { Answer } from './answer.ts';
import { type DescribedSource, describeSources } from './describe-sources.ts';
import type { RunInHouse } from './run-in-house.ts';

/** What `--json` prints. */
export interface SourcesReport {
  readonly sources: readonly DescribedSource[];
  /** The events that wait unclaimed, most first. */
  readonly waiting: readonly {
    readonly source: string;
    readonly events: number;
    /** Whether it has a topic already, so that only a claim is missing. */
    readonly hasTopic: boolean;
  }[];
  /** Those of more sources than are told. */
  readonly waitingOfOthers: number;
}

const LONGEST_NAME = 180;

/** A sender's word: it may be anything, and long. */
function printable(source: string): string {
  if (source === '') return '(none)';
  const plain = source.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > LONGEST_NAME ? `${plain.slice(0, LONGEST_NAME)}...` : plain;
}

function reportOf(sources: readonly DescribedSource[], waiting: Waiting): SourcesReport {
  const known = new Set(sources.map(({ source }) => source));
  return {
    sources,
    waiting: [...waiting.sources]
      .map(([source, events]) => ({ source, events, hasTopic: known.has(source) }))
      .sort((a, b) => b.events - a.events || (a.source < b.source ? -1 : 1)),
    waitingOfOthers: waiting.ofOthers,
  };
}

function print({ sources, waiting, waitingOfOthers }: SourcesReport, answer: Answer): void {
  answer.table(sources.map((row) => ({ ...row, modules: row.modules.join(' ') })));
  if (waiting.length === 0) answer.log('no event waits unclaimed');
  else
    answer.table(
      waiting.map(({ source, events, hasTopic }) => ({ waiting: printable(source), events, hasTopic })),
    );
  if (waitingOfOthers > 0) answer.log(`and ${waitingOfOthers} events of more sources than are told apart`);
  for (const { source, events, hasTopic } of waiting)
    if (hasTopic)
      answer.log(
        `${source} has a topic, and ${events} of its events wait unclaimed: lectern sources claim ${source}`,
      );
}

/** `lectern sources list`: reads all of the unclaimed events, out of archive and log. */
export function createSourcesListCommand(run: RunInHouse): Command {
  return new Command('list')
    .description(
      'list the sources, what of them is kept and who reads it, and the events that wait unclaimed',
    )
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }, command: Command) =>
      run(command, async (house, answer) => {
        await house.control.caughtUp();
        const progress = answer.progress('unclaimed records');
        const sources = await describeSources(house);
        const waiting = await countWaiting({
          ...house,
          claims: house.control.claims,
          onTotal: progress.expect,
          onRead: progress.done,
        }).finally(progress.end);
        const report = reportOf(sources, waiting);
        if (json === true) answer.log(JSON.stringify(report, null, 2));
        else print(report, answer);
      }),
    );
}
