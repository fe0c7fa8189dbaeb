import { createRun, joinRun, type Run } from '../../deploy/local/run.ts';

function joinOrCreate(): Run {
  const dir = process.env.LECTERN_TEST_RUN;
  if (dir === undefined) return createRun();
  const run = joinRun(dir);
  // jest's workers outlive a killed jest by a while, and would go on starting processes.
  if (process.env.LECTERN_TEST_OWNER !== String(process.pid)) run.own(process.pid);
  return run;
}

/** What owns the processes and directories of the tests in this process; it ends with jest, however jest ends. */
export const testRun: Run = joinOrCreate();
