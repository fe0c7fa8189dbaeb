import { afterEach, expect, test } from '@jest/globals';
import { followClaims } from '../../services/archiver/follow-claims.ts';
import { systemClock } from '../../services/shared/clock.ts';
import type { SourceClaim } from '../../services/shared/control/claim-record.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { closeAll, openControl, openLog } from '../shared/control-house.ts';
import {
  closeArchiveHouses,
  type objectsOf,
  openArchiveHouse,
  records,
  startArchiver,
} from '../support/archive-house.ts';
import { collect } from '../support/collect.ts';
import { waitFor } from '../support/wait.ts';

afterEach(async () => {
  await closeArchiveHouses();
  await closeAll();
});

const LATE = 'test.events.late';
const late = { topic: LATE, partition: 0 };
const claim = (source = 'late'): SourceClaim => ({
  kind: 'source-claim',
  source,
  copied: [0],
  switched: false,
});
const logger = createLogger({ service: 'test', level: 'silent' });

async function archivedOf(
  archive: Parameters<typeof objectsOf>[0]['archive'],
  source: string,
): Promise<number> {
  return (await collect(archive.list({ prefix: `events/source=${source}/` }))).length;
}

test('the topic of a source that is claimed while an archiver runs is archived, beside the others', async () => {
  const house = openArchiveHouse(1, { [LATE]: 1 });
  const { archiver } = await startArchiver(house, { limits: { maxAgeMs: 50 } });
  const { control } = openControl(await openLog());
  await control.publish(claim());
  const stop = followClaims({ control, archiver, namespace: 'test', clock: systemClock, logger });
  house.fake.append(late, records(5));
  house.fake.append({ topic: 'test.events.essay', partition: 0 }, records(3));
  await waitFor(async () => (await archivedOf(house.archive, 'late')) > 0, { message: 'it is archived' });
  await waitFor(async () => (await archivedOf(house.archive, 'essay')) > 0, { message: 'and the others' });
  // Said again, as with each progress of a claim, it changes nothing.
  await control.publish(claim());
  await archiver.also(LATE);
  expect(house.fake.members).toHaveLength(2);
  stop();
});

test('an archiver that begins anew archives what was claimed before, and what is buffered when it stops', async () => {
  const house = openArchiveHouse(1, { [LATE]: 1 });
  const { control } = openControl(await openLog());
  await control.publish(claim());
  house.fake.append(late, records(5));
  let left = 0;
  const { createConsumer } = house.fake.log;
  house.fake.log.createConsumer = (options) => {
    const consumer = createConsumer(options);
    const stop = (): Promise<void> => {
      left += 1;
      return consumer.stop();
    };
    return { ...consumer, stop };
  };
  const { archiver } = await startArchiver(house);
  const stop = followClaims({ control, archiver, namespace: 'test', clock: systemClock, logger });
  await waitFor(() => house.fake.members[1]?.delivered === 5, { message: 'it is read' });
  stop();
  await archiver.stop();
  expect(await archivedOf(house.archive, 'late')).toBe(1);
  expect(left).toBe(2);
});

test('a topic that cannot be followed yet is tried again, and not after the end', async () => {
  const asked: string[] = [];
  const { control } = openControl(await openLog());
  await control.publish(claim());
  let waits = 0;
  const follow = () =>
    followClaims({
      control,
      archiver: {
        async also(topic) {
          asked.push(topic);
          if (asked.length === 1) throw new Error('the group does not answer');
        },
      },
      namespace: 'test',
      clock: {
        every(_, action) {
          waits += 1;
          setImmediate(action);
          return () => undefined;
        },
      },
      logger,
    });
  const stop = follow();
  await waitFor(() => asked.length === 2, { message: 'it is tried again' });
  expect([asked, waits]).toEqual([[LATE, LATE], 1]);
  stop();
  await control.publish(claim('later'));
  expect(asked).toHaveLength(2);
});
