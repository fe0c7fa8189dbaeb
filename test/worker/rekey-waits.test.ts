import { afterEach, expect, test } from '@jest/globals';
import { systemClock } from '../../services/shared/clock.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { rekeyTopic } from '../../services/shared/topics.ts';
import { countingByGroup } from '../support/module.ts';
import { waitFor } from '../support/wait.ts';
import { closeHouses, openHouse, reached, send, startWorker } from '../support/worker-house.ts';

afterEach(closeHouses);

const REKEY = rekeyTopic('test', 'm.v1');

/** A clock on which what is told every ten seconds is told soon. */
const clock = {
  ...systemClock,
  every: (ms: number, action: () => void) => systemClock.every(ms === 10_000 ? 20 : ms, action),
};

test('a unit whose events cannot be published says what it waits for until they are, and loses nothing', async () => {
  const house = await openHouse();
  await house.log.ensureTopics([{ name: REKEY, partitions: 1 }]);
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let sends = 0;
  const createProducer: EventLog['createProducer'] = async () => {
    const producer = await house.log.createProducer();
    return {
      ...producer,
      async send(records) {
        if (records.some(({ topic }) => topic === REKEY)) {
          sends += 1;
          await answered;
        }
        return producer.send(records);
      },
    };
  };
  const worker = await startWorker(
    { ...house, log: { ...house.log, createProducer } },
    countingByGroup(),
    {},
    {},
    { clock },
  );
  await waitFor(() => worker.notReady().length === 0);
  await send(house.log, ['a', 'b'], { group: 'g' });
  await waitFor(() => worker.notReady().some((why) => why.includes(`waits until ${REKEY} has its events`)));
  answer();
  await reached(house.state, 2);
  await waitFor(() => worker.notReady().length === 0);
  expect(sends).toBe(1);
});
