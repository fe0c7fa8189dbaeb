import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from '@jest/globals';
import { startChild } from '../../deploy/local/child.ts';
import { sharedClasses } from '../../deploy/local/java-classes.ts';
import { startS3 } from '../../deploy/local/s3.ts';
import { testRun } from '../support/test-run.ts';

const { XDG_CACHE_HOME } = process.env;

afterEach(() => {
  if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
});

test('a server of Java starts from the classes that a first run left behind', async () => {
  const { service } = await startS3({ run: testRun, log: () => undefined, lost: () => undefined });
  try {
    expect(readFileSync(`/proc/${service.pid}/maps`, 'utf8')).toContain('/classes.jsa');
  } finally {
    await service.kill();
  }
});

test('a first run that leaves no classes behind is named, with what it said', async () => {
  process.env.XDG_CACHE_HOME = testRun.makeDir('cache');
  const says = () =>
    startChild({
      run: testRun,
      name: 'a program',
      command: process.execPath,
      args: ['-e', 'console.log("cannot"); setInterval(() => {}, 1e6)'],
    });
  const made = sharedClasses('program', { command: 'java', version: '17' }, async () => {
    const child = await says();
    await child.waitForLine(/cannot/);
    return child;
  });
  await expect(made).rejects.toThrow(/program left no archive of its classes:\ncannot/);
});
