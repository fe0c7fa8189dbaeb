import { parseArgs } from 'node:util';
import { createRun } from '../../deploy/local/run.ts';
import { startStack } from '../../deploy/local/stack.ts';
import { FAULTS } from './all.ts';
import type { Fault } from './fault.ts';
import { playAll } from './play-all.ts';
import { tableOf } from './totals.ts';

/**
 * `npm run test:faults [-- --seed N] [--only <fault>] [--rounds N]`: plays every fault in many rounds, on real servers of
 * its own, and stops at the first that the product did not survive. It ends within half an hour: what does not begin in
 * the first 27 minutes is not played, which is said and is a failure.
 */

const MINUTE_MS = 60_000;
const BEGIN_WITHIN_MS = 27 * MINUTE_MS;
const END_WITHIN_MS = 29 * MINUTE_MS;

interface Options {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly rounds: number | null;
}

function wholeNumber(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name} must be a whole number, not ${text}`);
  return Number(text);
}

function parseOptions(): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { seed: text, only: text, rounds: text } });
  const faults = FAULTS.filter(({ name }) => values.only === undefined || values.only === name);
  if (faults.length === 0)
    throw new Error(`--only must name one of: ${FAULTS.map(({ name }) => name).join(', ')}`);
  const seed = wholeNumber('seed', values.seed) ?? Math.floor(Math.random() * 1_000_000);
  return { seed, faults, rounds: wholeNumber('rounds', values.rounds) };
}

async function play(options: Options): Promise<boolean> {
  const run = createRun();
  const stack = await startStack({ run, log: console.error, lost: console.error });
  const stage = { run, addresses: stack.addresses };
  const limits = { beginWithinMs: BEGIN_WITHIN_MS, endWithinMs: END_WITHIN_MS };
  const { rows, notPlayed, held } = await playAll({
    ...options,
    ...limits,
    stage,
    now: Date.now,
    say: console.log,
  });
  if (rows.length > 0) console.log(`\n${tableOf(rows)}`);
  for (const what of notPlayed) console.log(`NOT PLAYED: ${what}`);
  await stack.stop();
  await run.close();
  return held;
}

const options = parseOptions();
console.log(`seed ${options.seed}`);
// Clients of the servers that are gone may still be trying to reach them.
process.exit((await play(options)) ? 0 : 1);
