import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { PartitionOffsets } from '../../services/shared/log/port.ts';
import { eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { createRandom } from '../../services/standalone/demo/random.ts';
import { type House, withHouse } from '../faults/house.ts';
import { compareRekeyed } from '../support/rekey-compare.ts';
import { demandedPlaces, foldOwn, foldRekeyed } from '../support/rekey-ledger.ts';
import { createRekeyLoad, REKEY_SOURCES } from '../support/rekey-load.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: what students share is folded once from every event, in one order, whichever worker is killed and whatever
// Redis loses.

const MODULE = 'rekey_audit.v1';
const PARTITIONS = 3;
const ROUNDS = 3;
const FLUSHED_IN = 1;
/** So many records of each partition of the rekey topic are published once more. */
const LATE = 100;

/** Asked again when the log cannot say just then. */
const endsOf = ({ log }: House, topic: string): Promise<readonly PartitionOffsets[]> =>
  waitFor(() => log.offsets(topic), { message: `the ends of ${topic} are known` });

/** Waits until the units of a topic have all that the topic holds. */
async function settled(house: House, topic: string): Promise<void> {
  const { state } = house;
  for (const { partition, end } of await endsOf(house, topic))
    await waitFor(
      async () => ((await state.position({ module: MODULE, topic, partition }))?.next ?? 0) >= end,
      {
        message: `${topic}/${partition} is reduced`,
        timeoutMs: 60_000,
        intervalMs: 100,
      },
    );
}

const recordsOf = async (house: House, topic: string): Promise<number> =>
  (await endsOf(house, topic)).reduce((sum, { end }) => sum + end, 0);

/** Waits until workers publish: one that is killed while it waits for the group has nothing in its hands. */
async function publishing(house: House, topic: string): Promise<void> {
  const before = await recordsOf(house, topic);
  await waitFor(async () => (await recordsOf(house, topic)) > before + 100, {
    message: 'events are published under other keys',
    timeoutMs: 40_000,
  });
}

/** As a worker that stood still for long, and does not know that others have its partitions. */
async function publishLate(house: House, topic: string): Promise<void> {
  const producer = await house.log.createProducer();
  for (const { partition, end } of await endsOf(house, topic))
    for await (const page of house.log.read({ topic, partition, from: 0, to: Math.min(LATE, end) }))
      await producer.send(
        page.map(({ key, value, headers }) => ({
          topic,
          partition,
          key: key!.toString(),
          value: value!,
          headers,
        })),
      );
  await producer.close();
}

describeOnStack('two workers that are killed in a loop, and a Redis that loses everything in between', () => {
  test('give every event once to those who fold it under another key', async () => {
    const seed = Math.floor(Math.random() * 1_000_000);
    const random = createRandom(seed);
    const stage = { run: testRun, addresses: stack() };
    const variables = { LECTERN_MODULES: './test/support/rekey-audit-module' };
    await withHouse(stage, { partitions: PARTITIONS, variables }, async (house) => {
      const { log, namespace } = house;
      const topic = rekeyTopic(namespace, MODULE);
      const workers = [await house.worker(), await house.worker()];
      const stop = createRekeyLoad(log, namespace, random).keepSending();
      for (let round = 0; round < ROUNDS; round++) {
        const victim = workers[round % workers.length]!;
        await publishing(house, topic);
        await sleep(random.between(0, 600));
        if (round === FLUSHED_IN) await house.redis.flushAll();
        await victim.kill();
        await sleep(random.between(0, 300));
        await victim.start();
      }
      await publishLate(house, topic);
      const sent = await stop();
      for (const source of REKEY_SOURCES) await settled(house, eventsTopic(namespace, source));
      await settled(house, topic);

      const { places, partitions, repeated } = await foldRekeyed(log, topic);
      expect(places).toEqual(await demandedPlaces(log, namespace, PARTITIONS));
      expect(repeated).toBeGreaterThanOrEqual(LATE);
      const compared =
        (await compareRekeyed(house, topic, partitions)) +
        (await compareRekeyed(
          house,
          eventsTopic(namespace, REKEY_SOURCES[0]),
          await foldOwn(log, namespace),
        ));
      expect(compared).toBeGreaterThan(60);
      process.stdout.write(
        `seed ${seed}: ${sent} events, ${places.size} under other keys, ${repeated} repeated, ${compared} states compared\n`,
      );
    });
  }, 180_000);
});
