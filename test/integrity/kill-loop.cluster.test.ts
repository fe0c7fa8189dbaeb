import { expect, test } from '@jest/globals';
import { createLogger } from '../../services/shared/logger.ts';
import { createRedisState } from '../../services/shared/state/redis.ts';
import { AUDIT_MODULE, expectDeadLetters, expectTrails } from '../support/audit.ts';
import { createCluster, type ServiceName } from '../support/cluster.ts';
import { expectCounts, runKillLoop } from '../support/kill-loop.ts';
import {
  assertArchived,
  assertContiguous,
  assertKeptOnce,
  countByStudent,
  readArchive,
  readLog,
} from '../support/ledger.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { waitFor } from '../support/wait.ts';

// Proven here: whichever service is killed, at whatever moment, every acknowledged event is kept once in Kafka, once in
// S3, and counted once in Redis; states are the fold over what is kept.

const VICTIMS: readonly ServiceName[] = ['worker', 'gateway', 'worker', 'archiver', 'worker', 'query'];
const SOURCE = 'org.mitros.writing_analytics';

describeOnStack('four services on Kafka, Redis and S3, one killed in each of ten rounds', () => {
  test('keep and count every acknowledged event once', async () => {
    const name = uniqueName('kill');
    const cluster = await createCluster(name, stack(), {
      LECTERN_LOG_LEVEL: 'warn',
      LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
      LECTERN_MODULES: AUDIT_MODULE,
      LECTERN_CACHE_BYTES: '1048576',
    });
    await cluster.startAll();
    const acknowledged = await runKillLoop({
      gatewayUrl: () => cluster.programs.gateway.url,
      source: SOURCE,
      rounds: 10,
      async killAndStart(round) {
        const victim = cluster.programs[VICTIMS[round % VICTIMS.length]!];
        await victim.kill();
        await victim.start();
      },
    });
    expect(acknowledged.size).toBeGreaterThan(5_000);
    const logged = await readLog(cluster.log, `${name}.events.${SOURCE}`);
    assertContiguous(logged);
    assertKeptOnce(logged, acknowledged);
    await expectCounts(cluster.programs.query.url, countByStudent(logged));
    await expectTrails(cluster.programs.query.url, logged);
    const state = createRedisState({
      url: stack().redisUrl,
      namespace: name,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    await expectDeadLetters(state, `${name}.events.${SOURCE}`, logged);
    await state.close();
    // The last to be killed: the group gives it its partitions when it has given up the one before.
    await waitFor(async () => (await readArchive(cluster.archive, SOURCE)).length >= logged.length, {
      message: 'everything is archived',
      timeoutMs: 60_000,
      intervalMs: 500,
    });
    expect(await cluster.programs.archiver.stop()).toBe(0);
    assertArchived(await readArchive(cluster.archive, SOURCE), logged);
    await cluster.stopAll();
  }, 240_000);
});
