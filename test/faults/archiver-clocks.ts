import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../support/process.ts';
import { auditArchive } from './archive-audit.ts';
import { archivedTopic } from './archived.ts';
import { withArchiverHouse } from './archiver-house.ts';
import type { Fault } from './fault.ts';
import { createLoad } from './load.ts';
import { NOTHING } from './totals.ts';

const PRELOAD = pathToFileURL(join(ROOT, 'test/support/jumping-clock.mjs')).href;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const EVENTS = 150;

/** What the broker's clock shows, and by how much the archiver's own is off, one after the other. */
const JUMPS: readonly (readonly [broker: string, ownMs: number])[] = [
  ['2026-05-01T23:59:59Z', 0],
  ['2026-05-02T00:00:01Z', DAY_MS],
  ['2026-05-01T12:00:00Z', -2 * DAY_MS],
  ['2031-01-01T00:00:00Z', 300 * DAY_MS],
  ['2026-05-03T00:00:00Z', -HOUR_MS],
];

export const archiverClocks: Fault = {
  name: 'archiver-clocks',
  promise:
    'clocks that jump, the broker’s over dates and back or the archiver’s own, neither stop the archive nor break it',
  rounds: { short: 1, long: 3 },
  play: ({ stage, seed, rounds }) =>
    withArchiverHouse(stage, {}, async (house) => {
      const { dated } = house;
      const file = join(stage.run.makeDir('clock'), 'off-ms');
      const setOwnClock = (offMs: number): void => writeFileSync(file, String(offMs));
      setOwnClock(0);
      const load = await createLoad({ ...house, log: dated }, { seed });
      const archiver = await house.archiver({
        NODE_OPTIONS: `--import ${PRELOAD}`,
        LECTERN_TEST_CLOCK_FILE: file,
      });
      let totals = NOTHING;
      await archiver.start();
      for (const _ of rounds) {
        for (const [broker, ownMs] of JUMPS) {
          dated.setClock(Date.parse(broker));
          // Between what it has in memory, and when that is due.
          await load.send(EVENTS);
          setOwnClock(ownMs);
          await archivedTopic(house, house.topic);
        }
        // Where it goes on is found in the bucket, whose newest date has not the highest offsets.
        assert.equal(await archiver.stop(), 0, 'how the archiver ends');
        await archiver.start();
        await load.send(EVENTS);
        totals = await auditArchive(house, load);
      }
      return totals;
    }),
};
