import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Stack, startStack } from '../../deploy/local/stack.ts';
import { type Cluster, createCluster, SERVICES, type ServiceName } from '../support/cluster.ts';
import { expectCounts } from '../support/kill-loop.ts';
import {
  assertArchived,
  assertContiguous,
  assertKeptOnce,
  countByStudent,
  type Kept,
  readArchive,
  readLog,
} from '../support/ledger.ts';
import { sendEvents } from '../support/sender.ts';
import { describeOnStack } from '../support/stack.ts';
import { testRun } from '../support/test-run.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: with Kafka, Redis or S3 away at start, services wait, say so and are not ready; away later, nothing
// acknowledged is lost or counted twice, and everything goes on by itself.

const SOURCE = 'org.mitros.writing_analytics';
const NAME = 'outages';

describeOnStack('four services, with what they depend on going away', () => {
  let stack: Stack;
  let cluster: Cluster;
  const acknowledged = new Set<string>();

  const reasons = async (service: ServiceName): Promise<string> => {
    const response = await fetch(`${cluster.programs[service].url}/readyz`);
    return `${response.status} ${await response.text()}`;
  };
  const send = async (label: string): Promise<void> => {
    const { gateway } = cluster.programs;
    const users = ['alice', 'bob', 'carol'];
    const sent = await sendEvents({
      url: () => gateway.url,
      source: SOURCE,
      users,
      eventsPerUser: 50,
      chunk: 10,
      label,
    });
    for (const ids of sent.acknowledged.values()) for (const id of ids) acknowledged.add(id);
  };
  const allReady = async (): Promise<void> => {
    for (const service of SERVICES) await cluster.programs[service].ready();
  };
  const logged = async (): Promise<Kept[]> => readLog(cluster.log, `${NAME}.events.${SOURCE}`);
  const expectExact = async (): Promise<void> => {
    const kept = await logged();
    assertContiguous(kept);
    assertKeptOnce(kept, acknowledged);
    await expectCounts(cluster.programs.query.url, countByStudent(kept));
  };

  beforeAll(async () => {
    stack = await startStack({ run: testRun });
    cluster = await createCluster(NAME, stack.addresses, { LECTERN_ARCHIVE_MAX_AGE_MS: '1000' });
    await Promise.all(Object.values(stack.services).map((service) => service.stop()));
  }, 120_000);
  afterAll(async () => {
    await cluster?.stopAll();
    await stack?.stop();
  }, 60_000);

  test('started before them, they wait, name what is away, and are ready when it is there', async () => {
    await Promise.all(SERVICES.map((service) => cluster.programs[service].start()));
    const expected = {
      gateway: /503.*Kafka/,
      worker: /503.*Kafka.*Redis/,
      archiver: /503.*Kafka.*bucket/,
      query: /503.*Redis/,
    };
    for (const service of SERVICES)
      await waitFor(async () => expected[service].test(await reasons(service)), {
        message: `${service} names what it waits for`,
        timeoutMs: 30_000,
      });
    expect(cluster.programs.worker.lines().join('\n')).toContain('waiting for a dependency');
    await Promise.all(Object.values(stack.services).map((service) => service.start()));
    await allReady();
    await send('first');
    expect(acknowledged.size).toBe(150);
    await expectExact();
  }, 120_000);

  test('without Kafka nothing is acknowledged; afterwards everything is taken again and counted once', async () => {
    await stack.services.kafka.kill();
    const sending = send('no-kafka');
    await waitFor(async () => (await reasons('gateway')).startsWith('503'), {
      message: 'the gateway is not ready',
    });
    await stack.services.kafka.start();
    await sending;
    await allReady();
    await send('kafka-again');
    await expectExact();
  }, 180_000);

  test('without Redis events are taken, and counted once when it is back', async () => {
    await stack.services.redis.kill();
    await send('no-redis');
    await waitFor(async () => (await reasons('query')).startsWith('503'), {
      message: 'the query service is not ready',
    });
    await stack.services.redis.start();
    await allReady();
    await expectExact();
  }, 120_000);

  test('without S3 events are taken, and archived when it is back', async () => {
    await stack.services.s3.kill();
    await send('no-s3');
    await waitFor(async () => (await reasons('archiver')).startsWith('503'), {
      message: 'the archiver is not ready',
    });
    await stack.services.s3.start();
    await allReady();
    await expectExact();
    expect(await cluster.programs.archiver.stop()).toBe(0);
    assertArchived(await readArchive(cluster.archive, SOURCE), await logged());
  }, 120_000);
});
