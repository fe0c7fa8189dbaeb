import { afterEach, expect, test } from '@jest/globals';
import { rekeyTopic } from '../../services/shared/topics.ts';
import { countingByGroup } from '../support/module.ts';
import { type QueryApp, startQueryApp } from '../support/query-app.ts';
import { waitFor } from '../support/wait.ts';
import { closeHouses, decide, type House, openHouse, send, startWorker } from '../support/worker-house.ts';

/** A query service knows of states that were complete before it started, whether or not anybody works on them. */

const apps: QueryApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await closeHouses();
});

interface Answer {
  readonly state: { readonly count: number } | null;
  readonly asOf: { readonly time: number };
}

async function startQuery({ state }: House): Promise<() => Promise<Answer>> {
  const app = await startQueryApp({ module: countingByGroup(), state });
  apps.push(app);
  return async () => (await app.get('/v1/state/m.r?group=g')).body as Answer;
}

test.each(['stopped', 'paused'])(
  'states of rekeyed reducers are answered with their age by a query service that starts while their module is %s',
  async (how) => {
    const house = await openHouse();
    await house.log.ensureTopics([{ name: rekeyTopic('test', 'm.v1'), partitions: 2 }]);
    const worker = await startWorker(house, countingByGroup());
    await send(house.log, ['a', 'b', 'a'], { group: 'g' });
    const ask = await startQuery(house);
    await waitFor(async () => (await ask()).state?.count === 3, { message: 'the state is complete' });
    if (how === 'stopped') await worker.stop();
    else {
      await decide(house, { kind: 'module-switch', module: 'm', paused: true, reason: 'tired' });
      await waitFor(() => worker.degraded().length === 3);
    }
    const before = await ask();
    const askNew = await startQuery(house);
    expect(await askNew()).toEqual(before);
    expect(before.asOf.time).toBeGreaterThan(0);
  },
);
