import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { findChainEnd } from '../../services/shared/archive/chain-end.ts';
import { archivedSources } from '../../services/shared/archive/inventory.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import { verifySource } from '../../services/shared/archive/verify.ts';
import { readContainer } from '../../services/shared/avro.ts';
import type { Receipt } from '../../services/shared/erasing/receipt.ts';
import { eventsTopic, rekeyTopic, sourceOfTopic } from '../../services/shared/topics.ts';
import { createRandom } from '../../services/standalone/demo/random.ts';
import { type House, withHouse } from '../faults/house.ts';
import { collect } from '../support/collect.ts';
import { eventRecord } from '../support/events.ts';
import { startProgram } from '../support/process.ts';
import { type Folded, foldOwn, foldRekeyed } from '../support/rekey-ledger.ts';
import { createRekeyLoad, REKEY_SOURCES } from '../support/rekey-load.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: a learner who is erased while everything runs is in no store, no object and no state, whatever is killed
// meanwhile, and comes back by no rebuild; everybody else's states are what they would be without that learner.

const MODULE = 'rekey_audit.v1';
const PARTITIONS = 2;
const MODULES = './test/support/rekey-audit-module';
/** Of whom everything is erased, and one who goes on sending. */
const GONE = 'learner-who-is-gone';
const SECRET = 'dear diary of the one who is gone';
const STAYS = 'student3';
/** Between two batches: commands take seconds to start, and others use the machine, too. */
const PAUSE_MS = 200;

const topicsOf = ({ namespace }: House): string[] => [
  ...REKEY_SOURCES.map((source) => eventsTopic(namespace, source)),
  rekeyTopic(namespace, MODULE),
];

async function settled({ state, log }: House, topic: string): Promise<void> {
  for (const { partition, end } of await log.offsets(topic))
    await waitFor(
      async () => ((await state.position({ module: MODULE, topic, partition }))?.next ?? 0) >= end,
      { message: `${topic}/${partition} is reduced`, timeoutMs: 60_000, intervalMs: 100 },
    );
}

/** Waits until the archive has what the log has by now. */
async function archivedAll(house: House): Promise<void> {
  const { log, archive, namespace } = house;
  for (const topic of topicsOf(house))
    for (const { partition, end } of await log.offsets(topic)) {
      const of = { source: sourceOfTopic(namespace, topic), topic, partition };
      await waitFor(async () => ((await findChainEnd(archive, of))?.range.last ?? -1) + 1 >= end, {
        message: `${topic}/${partition} is archived`,
        timeoutMs: 60_000,
        intervalMs: 200,
      });
    }
}

/** Fails unless the store has of each unit just the states that the fold gives. */
async function compare({ state }: House, topic: string, folded: ReadonlyMap<number, Folded>): Promise<void> {
  for (const [partition, { states }] of folded) {
    const stored = new Map<string, unknown>();
    for (const { field, value } of await collect(state.entries({ module: MODULE, topic, partition })))
      if (field.startsWith('Internal,rekey_audit.'))
        stored.set(field.slice('Internal,rekey_audit.'.length), JSON.parse(value));
    expect(stored).toEqual(states);
  }
}

const variablesOf = ({ namespace, brokers, redis }: House): Record<string, string> => {
  const { s3 } = stack();
  return {
    LECTERN_NAMESPACE: namespace,
    LECTERN_PARTITIONS: String(PARTITIONS),
    LECTERN_MODULES: MODULES,
    LECTERN_KAFKA_BROKERS: brokers.join(','),
    LECTERN_REDIS_URL: redis.url,
    LECTERN_S3_ENDPOINT: s3.endpoint,
    LECTERN_S3_BUCKET: namespace,
    LECTERN_S3_ACCESS_KEY_ID: s3.accessKeyId,
    LECTERN_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
};

/** `killAfter`: the command is killed after so many milliseconds. */
async function erase(house: House, learner: string, killAfter?: number): Promise<Receipt | null> {
  const file = join(mkdtempSync(join(testRun.makeDir('receipts'), 'receipt-')), 'receipt.json');
  const args = ['learner', 'erase', learner, '--yes', '--receipt', file];
  const command = await startProgram('dist/services/cli/main.js', { args, env: variablesOf(house) });
  if (killAfter !== undefined) {
    await sleep(killAfter);
    await command.stop('SIGKILL');
    return null;
  }
  const { code } = await command.ended;
  if (code !== 0) throw new Error(`erasing ended with ${code}: ${command.lines().join('\n')}`);
  return JSON.parse(readFileSync(file, 'utf8')) as Receipt;
}

/** All that the stores have, as text; the log is not one of them. */
async function everything({ archive, redis }: House): Promise<string> {
  const texts: string[] = [];
  for (const { name } of await collect(archive.list({ prefix: '' }))) {
    const { bytes, metadata } = (await archive.get(name))!;
    texts.push(name, JSON.stringify(metadata));
    if (name.endsWith('.avro'))
      for (const record of await readContainer<Record<string, unknown>>(bytes))
        texts.push(
          ...Object.values(record).map((value) =>
            typeof value === 'object' ? `${JSON.stringify(value)} ${String(value)}` : String(value),
          ),
        );
    else texts.push(bytes.toString('latin1'));
  }
  const client = new Redis(redis.url);
  for (const key of await client.keys('*'))
    if ((await client.type(key)) === 'hash') texts.push(key, JSON.stringify(await client.hgetall(key)));
  client.disconnect();
  return texts.join('\n');
}

async function expectWhole({ archive }: House): Promise<void> {
  const deps = { archive, opener: createObjectOpener(archive) };
  for (const source of await archivedSources(archive))
    expect((await verifySource(source, { deep: true }, deps)).faults).toEqual([]);
}

describeOnStack('learners who are erased under load', () => {
  test('are in no store and no state, and come back by no rebuild', async () => {
    const random = createRandom(Math.floor(Math.random() * 1_000_000));
    const stage = { run: testRun, addresses: stack() };
    await withHouse(
      stage,
      { partitions: PARTITIONS, variables: { LECTERN_MODULES: MODULES } },
      async (house) => {
        const { log, namespace } = house;
        await house.worker();
        const [own] = topicsOf(house);
        const rekeyed = rekeyTopic(namespace, MODULE);
        const producer = await log.createProducer();
        const sendGone = (): Promise<unknown> =>
          producer.send(
            Array.from({ length: 20 }, (_, n) => {
              const id = randomUUID();
              return eventRecord({
                namespace,
                source: REKEY_SOURCES[n % 2]!,
                student: GONE,
                id,
                fields: { id, text: SECRET, doc: { id: 'id 1' } },
                metadata: { class: 'class 1', resource: 'resource 2' },
              });
            }),
          );
        await sendGone();
        const load = createRekeyLoad(log, namespace, random, PAUSE_MS);
        await load.keepSending()();
        await archivedAll(house);
        const stop = load.keepSending();
        await sendGone();
        await erase(house, GONE, random.between(300, 3_000));
        const [gone, stays] = await Promise.all([
          erase(house, GONE),
          erase(house, STAYS),
          erase(house, GONE),
        ]);
        await stop();
        const before = Date.parse(stays!.before) * 1_000;
        const isErased = ({ student, receivedAt }: { student: string; receivedAt: number }): boolean =>
          student === GONE || (student === STAYS && receivedAt < before);
        const expectFold = async (): Promise<void> => {
          for (const topic of topicsOf(house)) await settled(house, topic);
          await compare(house, own!, await foldOwn(log, namespace, isErased));
          await compare(house, rekeyed, (await foldRekeyed(log, rekeyed, isErased)).partitions);
        };
        await expectFold();
        await archivedAll(house);
        const texts = await everything(house);
        expect(texts).toContain('student4');
        for (const text of [GONE, SECRET]) expect(texts).not.toContain(text);
        expect(gone!.events.archived + gone!.events.inLog).toBeGreaterThan(0);
        await expectWhole(house);
        await house.redis.flushAll();
        await expectFold();
        for (const text of [GONE, SECRET]) expect(await everything(house)).not.toContain(text);
      },
    );
  }, 600_000);
});
