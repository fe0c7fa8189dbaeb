import { describe, expect, test } from '@jest/globals';
import { startProgram } from '../support/process.ts';

describe('a service with a bad configuration ends with status 78 and names every problem at once', () => {
  test.each([
    ['gateway', ['LECTERN_KAFKA_BROKERS']],
    ['worker', ['LECTERN_KAFKA_BROKERS', 'LECTERN_REDIS_URL', 'LECTERN_CHECKPOINT_MS']],
    [
      'archiver',
      ['LECTERN_KAFKA_BROKERS', 'LECTERN_S3_ENDPOINT', 'LECTERN_S3_BUCKET', 'LECTERN_S3_ACCESS_KEY_ID'],
    ],
    ['query', ['LECTERN_REDIS_URL', 'LECTERN_KAFKA_BROKERS']],
  ])('%s', async (service, variables) => {
    const env = { LECTERN_CHECKPOINT_MS: 'soon', LECTERN_PARTITIONS: '0' };
    const child = await startProgram(`dist/services/${service}/main.js`, { env });
    expect((await child.ended).code).toBe(78);
    const said = child.lines().join('\n');
    for (const variable of [...variables, 'LECTERN_PARTITIONS']) expect(said).toContain(`${variable}: `);
  });

  test.each([
    [
      'a gateway that others can reach without a chosen identity',
      { LECTERN_HOST: '0.0.0.0' },
      /LECTERN_IDENTITY/,
    ],
    [
      'senders identified in a way that there is none, or without the secret for it, and pages that have no origin',
      {
        LECTERN_IDENTITY: 'lti_session',
        LECTERN_IDENTITY_SOURCES: '{"essay":["telepathy"]}',
        LECTERN_ORIGINS: 'school',
      },
      /LECTERN_IDENTITY_SOURCES\.essay\.0: .*LECTERN_ORIGINS: school: .*LECTERN_LTI_SECRET: must be set/s,
    ],
    [
      'a module that is not there',
      { LECTERN_MODULES: '/nowhere/at/all' },
      /\/nowhere\/at\/all does not exist/,
    ],
  ])('%s', async (_name, env, message) => {
    const child = await startProgram('dist/services/standalone/main.js', {
      env: { ...env, LECTERN_PORT: '0' },
    });
    expect((await child.ended).code).toBe(78);
    expect(child.lines().join('\n')).toMatch(message);
  });
});
