import { expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { moduleGroup } from '../../services/shared/topics.ts';
import { MODULES, withHouse } from '../faults/house.ts';
import { createLoad } from '../faults/load.ts';
import { settled } from '../faults/settled.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

/** Far longer than leaving may take: whoever waits for it to run out would be seen. */
const SESSION_MS = 45_000;
const LEFT_MS = SESSION_MS / 3;

describeOnStack('a worker with a reducer that hangs', () => {
  test('leaves its groups at SIGTERM, long before its session runs out, and ends cleanly', async () => {
    const stage = { run: testRun, addresses: stack() };
    const variables = {
      LECTERN_KAFKA_SESSION_TIMEOUT_MS: String(SESSION_MS),
      LECTERN_REDUCER_BUDGET_MS: '40000',
    };
    await withHouse(stage, { partitions: 2, variables }, async (house) => {
      const kafka = new kafkajs.Kafka({
        brokers: [...house.brokers],
        clientId: 'test',
        logLevel: kafkajs.logLevel.NOTHING,
      });
      const admin = kafka.admin();
      await admin.connect();
      const members = async (): Promise<number> => {
        const groupIds = MODULES.map((module) => moduleGroup(house.namespace, module));
        const { groups } = await admin.describeGroups(groupIds);
        return groups.reduce((sum, group) => sum + group.members.length, 0);
      };
      try {
        const load = await createLoad(house, { seed: 1 });
        const worker = await house.worker();
        await load.send(50);
        await settled(house);
        expect(await members()).toBe(MODULES.length);
        await load.sendFaulty('never');
        await waitFor(
          async () => {
            const metrics = await (await fetch(`${worker.url}/metrics`)).text();
            return /kafka_consumergroup_lag{[^}]*faults[^}]*} 1$/m.test(metrics);
          },
          { message: 'the reducer hangs', timeoutMs: 20_000 },
        );
        const stopping = worker.stop();
        await waitFor(async () => (await members()) === 0, {
          message: 'the groups are left',
          timeoutMs: LEFT_MS,
        });
        expect(await stopping).toBe(0);
        await load.close();
      } finally {
        await admin.disconnect();
      }
    });
  }, 180_000);
});
