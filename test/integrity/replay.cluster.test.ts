import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { controlTopic, eventsTopic, rekeyTopic } from '../../services/shared/topics.ts';
import { createRandom } from '../../services/standalone/demo/random.ts';
import { archivedTopic } from '../faults/archived.ts';
import { type House, withHouse } from '../faults/house.ts';
import { replayFolder } from '../replay/replayed.ts';
import { linesOf, statesOfUnits } from '../replay/told.ts';
import { startProgram } from '../support/process.ts';
import { createRekeyLoad, REKEY_SOURCES } from '../support/rekey-load.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: what `lectern replay` makes of the bucket is what the workers made of Kafka, key for key and byte for byte,
// with events that came twice, were refused, and stand under other keys.

const MODULE = 'rekey_audit.v1';
const EVENTS = 400;
const WAIT = { timeoutMs: 90_000, intervalMs: 200 };

async function settled({ state, log }: House, topic: string): Promise<void> {
  for (const { partition, end } of await waitFor(() => log.offsets(topic), WAIT))
    await waitFor(
      async () => ((await state.position({ module: MODULE, topic, partition }))?.next ?? 0) >= end,
      { ...WAIT, message: `${topic}/${partition} is reduced` },
    );
}

describeOnStack('a replay out of the bucket of a cluster', () => {
  test('gives the states that its workers have', async () => {
    const variables = { LECTERN_MODULES: './test/support/rekey-audit-module' };
    await withHouse({ run: testRun, addresses: stack() }, { partitions: 3, variables }, async (house) => {
      const { log, namespace } = house;
      await house.worker();
      const sources = REKEY_SOURCES.map((source) => eventsTopic(namespace, source));
      const rekeyed = rekeyTopic(namespace, MODULE);
      const stop = createRekeyLoad(log, namespace, createRandom(7)).keepSending();
      await waitFor(async () => {
        const ends = await Promise.all(sources.map((topic) => log.offsets(topic)));
        return ends.flat().reduce((sum, { end }) => sum + end, 0) >= EVENTS;
      }, WAIT);
      await stop();
      for (const topic of [...sources, rekeyed]) await settled(house, topic);
      for (const topic of [...sources, rekeyed, controlTopic(namespace)])
        await archivedTopic(house, topic, WAIT);
      const out = join(replayFolder(), 'states.jsonl');
      const { s3 } = stack();
      const child = await startProgram('dist/services/cli/main.js', {
        args: ['replay', '--module', 'rekey_audit', '--out', out],
        env: {
          ...variables,
          LECTERN_NAMESPACE: namespace,
          LECTERN_S3_ENDPOINT: s3.endpoint,
          LECTERN_S3_BUCKET: namespace,
          LECTERN_S3_ACCESS_KEY_ID: s3.accessKeyId,
          LECTERN_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
          LECTERN_MAX_STATE_BYTES: '65536',
        },
      });
      const { code } = await child.ended;
      expect([code, child.lines().join('\n')]).toEqual([0, expect.stringContaining('rekey_audit.by_doc: ')]);
      const expected = await statesOfUnits(house, MODULE, [...sources, rekeyed]);
      expect(Object.keys(expected).length).toBeGreaterThan(60);
      expect(linesOf(out).told).toEqual(expected);
    });
  }, 300_000);
});
