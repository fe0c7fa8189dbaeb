import type { RestartableProgram } from '../support/product.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { audit } from './audit.ts';
import { type Checkpoints, watchCheckpoints } from './checkpoints.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad, type Load } from './load.ts';
import { watchPositions } from './positions.ts';
import { settled } from './settled.ts';
import { NOTHING } from './totals.ts';

const EVENTS = 1_000;
const CLAIMED_MS = 5_000;
const MOST_TRIES = 5;

/** Resolves when a worker was given partitions that it cannot claim, because its commands do not arrive. */
async function wantsToClaim(worker: RestartableProgram): Promise<void> {
  await waitFor(
    async () => (await (await fetch(`${worker.url}/readyz`)).text()).includes('not claimed yet'),
    {
      message: 'it is given partitions',
      timeoutMs: 20_000,
    },
  );
}

interface Actors {
  /** Whose commands go through the proxy. */
  readonly cutOff: RestartableProgram;
  readonly other: RestartableProgram;
  readonly proxy: TcpProxy;
  readonly checkpoints: Checkpoints;
  readonly load: Load;
  settled(): Promise<void>;
}

/**
 * Has the claims of one worker stay on their way until the other one has folded everything; then they arrive. False when
 * there was none among what was on its way.
 */
async function claimLate({ cutOff, other, proxy, checkpoints, load, settled }: Actors): Promise<boolean> {
  proxy.blackHole();
  await other.stop();
  await wantsToClaim(cutOff);
  cutOff.freeze();
  await other.start();
  await load.send(EVENTS);
  await settled();
  const before = checkpoints.claims();
  await proxy.restore();
  return waitFor(() => checkpoints.claims() > before, { timeoutMs: CLAIMED_MS }).catch(() => false);
}

export const lateClaim: Fault = {
  name: 'late-claim',
  promise:
    'a worker whose claim arrives when the group has long given the partition to another one takes nothing from it',
  rounds: { short: 1, long: 3 },
  play: ({ stage, seed, random, rounds }) =>
    withHouse(stage, {}, async (house) => {
      const proxy = await createTcpProxy({ host: '127.0.0.1', port: house.redis.port });
      try {
        const load = await createLoad(house, { seed });
        const checkpoints = await watchCheckpoints(house.redis);
        const cutOff = await house.worker({ LECTERN_REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
        const other = await house.worker();
        let totals = NOTHING;
        for (const _ of rounds) {
          await load.send(random.between(1, 5) * 100);
          await settled(house);
          const actors = { cutOff, other, proxy, checkpoints, load, settled: () => settled(house) };
          for (let tried = 1; !(await claimLate(actors)); tried++) {
            if (tried === MOST_TRIES) throw new Error('no claim was on its way');
            cutOff.thaw();
            await cutOff.ready();
          }
          // What it took is its own now, as far as Redis knows, and the one that the group counts on has to notice.
          const stopWatching = watchPositions(house);
          await load.send(EVENTS);
          totals = await audit(house, load);
          cutOff.thaw();
          await load.send(EVENTS);
          totals = await audit(house, load);
          await stopWatching();
          await cutOff.ready();
        }
        await load.close();
        return totals;
      } finally {
        await proxy.close();
      }
    }),
};
