import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { audit } from './audit.ts';
import { watchCheckpoints } from './checkpoints.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { watchPositions } from './positions.ts';
import { settled } from './settled.ts';
import { NOTHING } from './totals.ts';

const EVENTS = 1_000;
/** Less than what makes a worker give up. */
const ONE_TRY_MS = 1_000;
const MOST_TRIES = 10;

/** Drops replies until one of a checkpoint is among them: a worker that waits for what it reads makes none. */
async function loseReply(proxy: TcpProxy, executed: () => number): Promise<void> {
  for (let tried = 1; ; tried++) {
    const before = executed();
    proxy.dropReplies();
    try {
      await waitFor(() => executed() > before, {
        message: 'a checkpoint was made whose reply is lost',
        intervalMs: 1,
        timeoutMs: ONE_TRY_MS,
      });
      return;
    } catch (error) {
      if (tried === MOST_TRIES) throw error;
      await proxy.cut();
      await proxy.restore();
      await waitFor(() => executed() > before, { message: 'the worker goes on' });
    }
  }
}

export const lostReply: Fault = {
  name: 'lost-reply',
  promise: 'a checkpoint whose reply is lost, and that comes again after the next claim, changes nothing',
  rounds: { short: 1, long: 3 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const { redis } = house;
      const proxy = await createTcpProxy({ host: '127.0.0.1', port: redis.port });
      try {
        const load = await createLoad(house, { seed });
        const checkpoints = await watchCheckpoints(redis);
        const cutOff = await house.worker({ LECTERN_REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
        let totals = NOTHING;
        for (const _ of rounds) {
          const late = checkpoints.late();
          await load.send(random.between(1, 5) * 100);
          await settled(house);
          const tokens = checkpoints.owners();
          const stop = load.keepSending();
          await loseReply(proxy, () => checkpoints.executed(tokens));
          cutOff.freeze();
          const other = await house.worker();
          await load.send(EVENTS);
          await stop();
          await settled(house);
          const stopWatching = watchPositions(house);
          // Over a new connection, what has no answer is sent again by the one that goes on.
          await proxy.cut();
          await proxy.restore();
          cutOff.thaw();
          await waitFor(() => checkpoints.late() > late, {
            message: 'a checkpoint came after the next claim',
            timeoutMs: 20_000,
          });
          // At once: what it changed would be written again with the next events of each key.
          totals = await audit(house, load);
          await stopWatching();
          await cutOff.ready();
          await other.stop();
        }
        await load.close();
        return totals;
      } finally {
        await proxy.close();
      }
    }),
};
