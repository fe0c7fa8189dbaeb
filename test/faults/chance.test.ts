import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { createPlay, type Stage } from './fault.ts';
import { createLoad } from './load.ts';
import { createRounds } from './rounds.ts';

const BACKGROUND = /background/;

/** What a play with a seed chooses and sends, on a log that answers after so many milliseconds. */
async function played(seed: number, answerMs: number) {
  const values: Buffer[] = [];
  const producer = {
    async send(records: readonly OutgoingRecord[]) {
      values.push(...records.map(({ value }) => value as Buffer));
      await sleep(answerMs);
      return [];
    },
    close: () => Promise.resolve(),
  };
  const house = { namespace: 'n', log: { createProducer: () => Promise.resolve(producer) } };
  const { random } = createPlay({ stage: {} as Stage, seed, rounds: createRounds(1) });
  const load = await createLoad(house, { seed });
  const chosen: unknown[] = [];
  for (let round = 0; round < 3; round++) {
    const stop = load.keepSending();
    chosen.push(random.between(0, 1_000));
    await load.send(300);
    chosen.push(random.pick(['kill', 'stop', 'freeze']), load.make(1)[0]!.id);
    await stop();
  }
  await load.close();
  // The fields of the client that the seed decides; the time of a record is not among them.
  const clients = values.map((value) => /\{"event".*?"auth"/.exec(value.toString('latin1'))?.[0] ?? value);
  const sent = clients.filter((client) => !BACKGROUND.test(client.toString()));
  return { chosen, sent, background: clients.length - sent.length };
}

test('the same seed makes the same choices and sends the same events, however fast the log answers', async () => {
  const [quick, slow] = [await played(7, 0), await played(7, 45)];
  expect(quick.background).not.toBe(slow.background);
  expect(slow.chosen).toEqual(quick.chosen);
  expect(slow.sent).toEqual(quick.sent);
  expect(quick.sent.length).toBe(900);
});

test('another seed makes others', async () => {
  const [one, other] = [await played(7, 0), await played(8, 0)];
  expect(other.chosen).not.toEqual(one.chosen);
  expect(other.sent).not.toEqual(one.sent);
});
