import { parseArgs } from 'node:util';
import { createRun } from '../../deploy/local/run.ts';
import { startStack } from '../../deploy/local/stack.ts';
import { FAULTS } from './all.ts';
import { createPlay, type Fault, type Stage } from './fault.ts';
import { type Totals, tableOf } from './totals.ts';

/**
 * `npm run test:faults [-- --seed N] [--only <fault>] [--rounds N]`: plays every fault in many rounds, on real servers of
 * its own, and stops at the first that the product did not survive.
 */

interface Options {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Instead of each fault's own. */
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

async function playOne(fault: Fault, stage: Stage, { seed, rounds }: Options): Promise<Totals | null> {
  const wanted = rounds ?? fault.rounds.long;
  const startedAt = Date.now();
  console.log(`${fault.name}: ${fault.promise}`);
  try {
    const totals = await fault.play(createPlay({ stage, seed, rounds: wanted }));
    console.log(`  held in ${wanted} rounds, ${Math.round((Date.now() - startedAt) / 1_000)} s`);
    return totals;
  } catch (error) {
    console.error(error);
    const again = `npm run test:faults -- --seed ${seed} --only ${fault.name} --rounds ${wanted}`;
    console.log(`${fault.name} did not hold; again: ${again}`);
    return null;
  }
}

async function playAll(options: Options): Promise<boolean> {
  const run = createRun();
  const stack = await startStack({ run, log: console.error, lost: console.error });
  const rows: [string, Totals][] = [];
  for (const fault of options.faults) {
    const totals = await playOne(fault, { run, addresses: stack.addresses }, options);
    if (totals === null) break;
    rows.push([fault.name, totals]);
  }
  if (rows.length > 0) console.log(`\n${tableOf(rows)}`);
  await stack.stop();
  await run.close();
  return rows.length === options.faults.length;
}

const options = parseOptions();
console.log(`seed ${options.seed}`);
// Clients of the servers that are gone may still be trying to reach them.
process.exit((await playAll(options)) ? 0 : 1);
