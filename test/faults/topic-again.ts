import assert from 'node:assert/strict';
import kafkajs from 'kafkajs';
import type { Unit } from '../../services/shared/state/port.ts';
import { collect } from '../support/collect.ts';
import type { RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';
import { archived } from './archived.ts';
import { audit } from './audit.ts';
import type { Fault } from './fault.ts';
import { type House, withHouse } from './house.ts';
import { createLoad } from './load.ts';
import { NOTHING } from './totals.ts';
import { rekeyUnits, sourceUnits } from './units.ts';

const EVENTS = 1_000;
/** What happens besides: nothing, the worker is away meanwhile, or the store is lost, of which only the archive tells. */
const SITUATIONS = ['running', 'away', 'flushed'] as const;

async function makeAgain({ brokers, namespace, topic, partitions }: House): Promise<void> {
  // A client of its own: one that has asked for a topic before cannot make it once it is gone.
  const admin = new kafkajs.Kafka({ clientId: namespace, brokers: [...brokers], logLevel: 0 }).admin();
  await admin.connect();
  try {
    await admin.deleteTopics({ topics: [topic] });
    await waitFor(async () => !(await admin.listTopics()).includes(topic), { message: 'the topic is gone' });
    const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }];
    const made = async (): Promise<boolean> => {
      // It may be made, and yet be unknown for a moment.
      await admin
        .createTopics({ topics: [{ topic, numPartitions: partitions, configEntries }] })
        .catch(() => {});
      return (await admin.listTopics()).includes(topic);
    };
    await waitFor(made, { message: 'the topic is there again' });
  } finally {
    await admin.disconnect();
  }
}

/** Everything that is stored of some units, as texts. */
async function everything({ state }: House, units: readonly Unit[]): Promise<string> {
  const stored = await Promise.all(
    units.map(async (unit) => {
      const entries = (await collect(state.entries(unit))).map(({ field, value }) => `${field} ${value}`);
      return [(await state.position(unit))?.next, ...entries.sort()].join('\n');
    }),
  );
  return stored.join('\n\n');
}

/** Waits until a worker says of a unit that it stopped, and why, whether the worker calls itself ready or not. */
async function saysStopped(worker: RestartableProgram, { module, topic, partition }: Unit): Promise<void> {
  // One text of the answer: what another unit says must not count for this one.
  const says = new RegExp(`"${module} ${topic}/${partition}: stopped: ([^"\\\\]|\\\\.)*made again`);
  let last = '';
  const isStopped = async (): Promise<boolean> => {
    last = await (await fetch(`${worker.url}/readyz`)).text();
    return says.test(last);
  };
  await waitFor(isStopped, { timeoutMs: 30_000 }).catch((cause) => {
    throw new Error(`partition ${partition} of ${module} did not stop: ${last}`, { cause });
  });
}

export const topicAgain: Fault = {
  name: 'topic-again',
  promise:
    'a topic that is deleted and made again stops its units, which say so, and changes nothing of what is stored',
  rounds: { short: 3, long: 6 },
  async play({ stage, seed, random, rounds }) {
    let totals = NOTHING;
    for (const round of rounds)
      totals = await withHouse(stage, {}, async (house) => {
        const load = await createLoad(house, { seed: seed + round });
        const worker = await house.worker();
        await load.send(EVENTS);
        const found = await audit(house, load);
        const [sources, rekeyed] = [sourceUnits(house), rekeyUnits(house)];
        let before = await everything(house, sources);
        const shared = await everything(house, rekeyed);
        const situation = SITUATIONS[round % SITUATIONS.length]!;
        if (situation === 'flushed') await archived(house);
        if (situation !== 'running') await worker.stop();
        await makeAgain(house);
        // Fewer than there were, or more, so that each offset is there again.
        await load.send(random.pick([0, EVENTS / 2, 2 * EVENTS]));
        if (situation === 'flushed') {
          await house.redis.flushAll();
          before = await everything(house, sources);
        }
        if (situation !== 'running') await worker.start();
        for (const unit of sources) await saysStopped(worker, unit);
        assert.equal(await everything(house, sources), before, 'what is stored');
        // The topic under other keys is still the one that it was, and what is lost of it comes again.
        if (situation === 'flushed')
          await waitFor(async () => (await everything(house, rekeyed)) === shared, {
            message: 'what students share is stored as it was',
            timeoutMs: 30_000,
          });
        assert.equal(await everything(house, rekeyed), shared, 'what is stored of what students share');
        await load.close();
        return found;
      });
    return totals;
  },
};
