import { describe, test } from '@jest/globals';
import { checkScripts, schedulesFromEnvironment } from '../support/world/check-scripts.ts';

describe('exactly once', () => {
  for (const { name, limitMs, ...which } of schedulesFromEnvironment({ fixed: 250, fresh: 30 }))
    test(
      `every state is the fold of its events, at every checkpoint and in the end, in ${name} of faults`,
      async () => {
        const { perMinute } = await checkScripts({ ...which, limitMs });
        console.log(`${which.runs} schedules, seed ${which.seed}: ${perMinute} a minute`);
      },
      2 * limitMs,
    );
});
