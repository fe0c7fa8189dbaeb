import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditArchive } from './archive-audit.ts';
import { archivedTopic } from './archived.ts';
import { MAX_BYTES, withArchiverHouse } from './archiver-house.ts';
import type { Fault } from './fault.ts';
import { startInnerArchiver } from './inner-archiver.ts';
import { createLoad } from './load.ts';

const OBJECTS = /\/events\/source=/;
/** In bytes of records: no two of them cut the same range alike. */
const CUTS = [MAX_BYTES, 1.7 * MAX_BYTES, 0.6 * MAX_BYTES];
const LONGEST_MS = 50;

export const archiverZombies: Fault = {
  name: 'archiver-zombies',
  promise:
    'archivers that all believe to own the same partitions, and cut differently, make one chain of each',
  rounds: { short: 3, long: 60 },
  play: ({ stage, seed, random, rounds }) =>
    withArchiverHouse(stage, {}, async (house) => {
      const { dated, proxy, namespace } = house;
      const load = await createLoad({ ...house, log: dated }, { seed });
      // Whose put arrives first, and whose answer, is a matter of chance.
      proxy.rule({
        method: 'PUT',
        path: OBJECTS,
        times: Number.POSITIVE_INFINITY,
        async deed({ pass, answer }) {
          await sleep(random.between(0, LONGEST_MS));
          const reply = await pass();
          await sleep(random.between(0, LONGEST_MS));
          answer(reply);
        },
      });
      const zombies = await Promise.all(
        CUTS.map((maxBytes, n) =>
          startInnerArchiver(house, { group: `${namespace}.zombie${n}`, limits: { maxBytes } }),
        ),
      );
      for (const _ of rounds) {
        await load.send(random.between(1, 4) * 100);
        await archivedTopic(house, house.topic);
      }
      for (const zombie of zombies)
        assert.deepEqual(zombie.notReady(), [], 'what keeps an archiver from its work');
      await Promise.all(zombies.map((zombie) => zombie.stop()));
      return auditArchive(house, load);
    }),
};
