import { test } from '@jest/globals';
import { createPlay, type Fault } from '../faults/fault.ts';
import { createRounds } from '../faults/rounds.ts';
import { tableOf } from '../faults/totals.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';

/** A fault gives up by itself when nothing moves; this is only for what hangs otherwise. */
const DEADLINE_MS = 600_000;

/** Declares the short form of a fault; `npm run test:faults` plays the long one. */
export function testFault(fault: Fault): void {
  describeOnStack(`the fault ${fault.name}`, () => {
    test(
      fault.promise,
      async () => {
        const seed = Math.floor(Math.random() * 1_000_000);
        const again = `npm run test:faults -- --seed ${seed} --only ${fault.name}`;
        const stage = { run: testRun, addresses: stack() };
        const play = createPlay({ stage, seed, rounds: createRounds(fault.rounds.short) });
        const totals = await fault.play(play).catch((cause: Error) => {
          throw new Error(`${cause.message}\nagain: ${again} --rounds ${fault.rounds.short}`, { cause });
        });
        process.stdout.write(`${tableOf([[fault.name, totals]])}\n`);
      },
      DEADLINE_MS,
    );
  });
}
