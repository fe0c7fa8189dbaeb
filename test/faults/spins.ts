import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestartableProgram } from '../support/product.ts';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { settled } from './settled.ts';
import { readVerdicts } from './verdicts.ts';

const EVENTS = 500;
const LOOK_MS = 50;
/** One that leaves a note of what was in hand, and three that try that event alone. */
const MOST_ENDS = 4;

/** Starts a worker again whenever it ended, until the returned function is called; that tells how often it did. */
function supervise(worker: RestartableProgram): () => Promise<number> {
  let going = true;
  let ended = 0;
  const watching = (async () => {
    while (going) {
      if (!worker.running()) {
        ended += 1;
        await worker.start();
      }
      await sleep(LOOK_MS);
    }
    return ended;
  })();
  watching.catch(() => undefined);
  return () => {
    going = false;
    return watching;
  };
}

export const spins: Fault = {
  name: 'spins',
  promise:
    'a reducer that spins for ever is found within four ends of a process and costs its event, and a replay does not run into it again',
  rounds: { short: 1, long: 3 },
  play: ({ stage, seed, rounds }) =>
    withHouse(stage, { variables: { LECTERN_WATCHDOG_MS: '1000' } }, async (house) => {
      const load = await createLoad(house, { seed });
      const worker = await house.worker();
      for (const round of rounds) {
        const stop = supervise(worker);
        await load.send(EVENTS);
        await load.sendFaulty('spin');
        await load.send(EVENTS);
        await settled(house);
        const ended = await stop();
        assert.ok(ended > 0, 'the watchdog ended no process');
        assert.ok(ended <= MOST_ENDS, `one event ended ${ended} processes`);
        const killers = (await readVerdicts(house)).filter(({ why }) => why === 'killer');
        assert.equal(killers.length, round + 1, JSON.stringify(killers));
        await house.redis.flushAll();
        await load.send(EVENTS);
        await settled(house);
        assert.ok(worker.running(), 'the replay ran into it again');
      }
      await load.close();
      return audit(house, load);
    }),
};
