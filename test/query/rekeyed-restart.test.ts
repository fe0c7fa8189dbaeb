import { afterEach, expect, test } from '@jest/globals';
import { createControl } from '../../services/shared/control/control.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { rekeyTopic } from '../../services/shared/topics.ts';
import { countingByGroup } from '../support/module.ts';
import { type QueryApp, startQueryApp } from '../support/query-app.ts';
import { waitFor } from '../support/wait.ts';
import { closeHouses, type House, openHouse, send, startWorker } from '../support/worker-house.ts';

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

async function pause({ log }: House): Promise<void> {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const history = {
    start: async () => 0,
    async *archived() {},
    read: (range: Parameters<typeof log.read>[0]) => log.read(range),
  };
  const control = createControl({ log, history, namespace: 'test', logger });
  await control.publish({ kind: 'module-switch', module: 'm', paused: true, reason: 'tired' });
  await control.close();
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
      await pause(house);
      await waitFor(() => worker.notReady().every((line) => line.includes('tired')));
    }
    const before = await ask();
    const askNew = await startQuery(house);
    expect(await askNew()).toEqual(before);
    expect(before.asOf.time).toBeGreaterThan(0);
  },
);
