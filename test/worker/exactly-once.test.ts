import { describe, test } from '@jest/globals';
import { checkScripts, schedulesFromEnvironment } from '../support/world/check-scripts.ts';

const DEFAULT_SCHEDULES = 250;

describe('exactly once', () => {
  const { runs, seed, timeoutMs } = schedulesFromEnvironment(DEFAULT_SCHEDULES);

  test(
    `every state is the fold of its events, at every checkpoint and in the end, in ${runs} random schedules of faults`,
    async () => {
      const { perMinute } = await checkScripts({ runs, seed });
      console.log(`${runs} schedules, seed ${seed}: ${perMinute} a minute`);
    },
    timeoutMs,
  );
});
