import kafkajs from 'kafkajs';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { encodeControlRecord } from '../../services/shared/control/record.ts';
import { controlTopic, moduleGroup } from '../../services/shared/topics.ts';
import { waitFor } from '../support/wait.ts';
import type { BenchModule, House } from './house.ts';
import type { WorkerProcess } from './worker-process.ts';

const DEADLINE_MS = 60_000;

/** Pauses modules, or has them go on. */
export async function say(house: House, modules: readonly BenchModule[], paused: boolean): Promise<void> {
  const topic = controlTopic(house.namespace);
  await house.log.ensureTopics([{ name: topic, partitions: 1 }]);
  const producer = await house.log.createProducer();
  const records = modules.map(({ name }): ControlRecord => {
    const reason = 'the bench waits';
    return { kind: 'module-switch', module: name, paused, reason };
  });
  await producer.send(
    records.map((record, index) => ({
      topic,
      key: modules[index]!.name,
      value: encodeControlRecord(record),
    })),
  );
  await producer.close();
}

/** Starts workers whose modules pause until the groups have all of them as members: then all begin at once. */
export async function startTogether(
  house: House,
  modules: readonly BenchModule[],
  start: () => Promise<readonly WorkerProcess[]>,
): Promise<readonly WorkerProcess[]> {
  await say(house, modules, true);
  const workers = await start();
  const kafka = new kafkajs.Kafka({
    brokers: [...house.stack.addresses.brokers],
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = kafka.admin();
  await admin.connect();
  const groupIds = modules.map(({ id }) => moduleGroup(house.namespace, id));
  const complete = async (): Promise<boolean> => {
    for (const worker of workers) worker.assertRunning();
    const { groups } = await admin.describeGroups(groupIds);
    return groups.every(({ state, members }) => state === 'Stable' && members.length === workers.length);
  };
  await waitFor(complete, { message: 'every worker is in every group', timeoutMs: DEADLINE_MS }).finally(() =>
    admin.disconnect(),
  );
  await say(house, modules, false);
  return workers;
}
