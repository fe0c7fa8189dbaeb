import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openHouse } from '../../services/cli/open-house.ts';
import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';
import { controlTopic } from '../../services/shared/topics.ts';

const freshDir = (): string => mkdtempSync(join(tmpdir(), 'cli-data-'));

test('a data directory that the product has is not opened, and the message says what to do', async () => {
  const dataDir = freshDir();
  const env = await openEmbedded({ dataDir });
  await expect(openHouse({ LECTERN_DATA_DIR: dataDir })).rejects.toMatchObject({
    code: 'DATA_DIR_IN_USE',
    message: expect.stringMatching(/stop it, run this command, and start it again/),
  });
  await env.close();
});

test('a data directory of a stopped product is opened, worked on and given free', async () => {
  const dataDir = freshDir();
  const env = await openEmbedded({ dataDir });
  await createEmbeddedLog({ env }).ensureTopics([{ name: controlTopic('lectern'), partitions: 1 }]);
  await env.close();
  for (const paused of [true, false]) {
    const { house, close } = await openHouse({ LECTERN_DATA_DIR: dataDir });
    await house.control.caughtUp();
    expect(house.control.pausedBecause('student_events') === null).toBe(paused);
    await house.control.publish({ kind: 'module-switch', module: 'student_events', paused, reason: 'x' });
    expect(house.mayRun).toBe(false);
    await close();
  }
});

test('a data directory that is not there is not made', async () => {
  const dataDir = join(freshDir(), 'typo');
  await expect(openHouse({ LECTERN_DATA_DIR: dataDir })).rejects.toThrow(
    `LECTERN_DATA_DIR: there is no ${dataDir}`,
  );
});

test('a cluster whose variables are missing is said to lack them', async () => {
  await expect(openHouse({ LECTERN_KAFKA_BROKERS: 'localhost:9092' })).rejects.toThrow('LECTERN_REDIS_URL');
});
