import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpProxy } from '../support/http-proxy.ts';
import { assertWhole } from './archive-audit.ts';
import { MAX_BYTES } from './archiver-house.ts';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { withHouse } from './house.ts';
import { createLoad } from './load.ts';

const AWAY_MS = 2_000;

export const archiverJoinLeave: Fault = {
  name: 'archiver-join-leave',
  promise:
    'archivers of one group that join and leave in mid-object, with S3 away meanwhile, archive what the states are made of',
  rounds: { short: 3, long: 16 },
  play: async ({ stage, seed, random, rounds }) => {
    const { s3 } = stage.addresses;
    const proxy = await createHttpProxy(s3.endpoint);
    const addresses = { ...stage.addresses, s3: { ...s3, endpoint: proxy.url } };
    // So that most objects are cut when an assignment ends, or by bytes.
    const variables = { LECTERN_ARCHIVE_MAX_BYTES: String(MAX_BYTES), LECTERN_ARCHIVE_MAX_AGE_MS: '3000' };
    const played = withHouse({ ...stage, addresses }, { variables }, async (house) => {
      const load = await createLoad(house, { seed });
      await house.worker();
      const others = [await house.archiver()];
      const stop = load.keepSending();
      for (const round of rounds) {
        if (round % 3 === 1) {
          await proxy.cut();
          await sleep(AWAY_MS);
          await proxy.restore();
        }
        const one = random.pick(others);
        if (!one.running()) await one.start();
        else if (random.next() < 0.7 || round % 3 === 0) await one.stop();
        else others.push(await house.archiver());
        await sleep(random.between(0, 500));
      }
      await stop();
      await load.close();
      const totals = await audit(house, load);
      for (const topic of [house.topic, house.rekeyTopic]) await assertWhole({ ...house, topic });
      return totals;
    });
    return played.finally(proxy.close);
  },
};
