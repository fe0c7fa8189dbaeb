import { afterEach, describe, expect, test } from '@jest/globals';
import { findChromium } from '../../deploy/local/chromium.ts';
import { findJava, findOrInstall, findPython, maven } from '../../deploy/local/install.ts';
import { testRun } from '../support/test-run.ts';

const { PATH, JAVA_HOME } = process.env;

afterEach(() => {
  process.env.PATH = PATH;
  if (JAVA_HOME !== undefined) process.env.JAVA_HOME = JAVA_HOME;
});

describe('what cannot be started says what is missing and how to give it', () => {
  const silent = () => {};
  test.each([
    [
      'no Java',
      () => findJava('Kafka'),
      /Kafka cannot be started: there is no java.*apt-get install -y openjdk/,
    ],
    ['no Maven', () => maven('Kafka', []), /Kafka cannot be started: .*no mvn.*apt-get install -y maven/],
    [
      'no Redis and no apt-get',
      () => findOrInstall('Redis', ['redis-server'], 'redis-server', silent),
      /Redis cannot be started: it is not installed.*apt-get install -y redis-server/,
    ],
    [
      'no Python',
      () => findPython('Python', silent),
      /Python cannot be started: .*apt-get install -y python3-venv/,
    ],
    ['no browser', () => findChromium(silent), /Chromium cannot be started: .*apt-get install -y chromium/],
  ])('%s', async (_, find, message) => {
    process.env.PATH = testRun.makeDir('empty-path');
    delete process.env.JAVA_HOME;
    await expect(find()).rejects.toThrow(message);
  });

  test('a Maven that fails hands on its own words', async () => {
    await expect(maven('S3', ['--offline', 'no.such:plugin:1:goal'])).rejects.toThrow(
      /S3 cannot be started: Maven could not download it \((.|\n)*no\.such:plugin.*Give this machine access/,
    );
  });
});
