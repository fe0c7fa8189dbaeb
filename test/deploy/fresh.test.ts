import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { testRun } from '../support/test-run.ts';

interface Fresh {
  readonly needsInstall: (root: string) => boolean;
  readonly needsBuild: (root: string) => boolean;
  readonly fingerprint: (root: string) => string;
}

// Plain JavaScript without types, because it runs before anything is installed.
const path: string = '../../deploy/local/fresh.mjs';
const { needsInstall, needsBuild, fingerprint }: Fresh = await import(path);

let root: string;
const write = (name: string, text: string, modifiedS?: number): void => {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  if (modifiedS !== undefined) utimesSync(file, modifiedS, modifiedS);
};

beforeEach(() => {
  root = testRun.makeDir('fresh');
});

describe('packages are installed', () => {
  test.each([
    ['when node_modules is missing', undefined, 100, true],
    ['when the lockfile is newer', 100, 101, true],
    ['not when they are newer than the lockfile', 101, 100, false],
  ])('%s', (_, installedS, lockfileS, expected) => {
    write('package-lock.json', '{}', lockfileS);
    if (installedS !== undefined) write('node_modules/.package-lock.json', '{}', installedS);
    expect(needsInstall(root)).toBe(expected);
  });

  test('never over those of another checkout, which are only linked here', () => {
    write('package-lock.json', '{}', 101);
    write('elsewhere/.package-lock.json', '{}', 100);
    symlinkSync(join(root, 'elsewhere'), join(root, 'node_modules'));
    expect(needsInstall(root)).toBe(false);
  });
});

describe('dist is built', () => {
  beforeEach(() => {
    write('services/worker/main.ts', 'one', 100);
    write('schemas/event/1.avsc', '{}', 100);
    write('dist/.built', fingerprint(root));
  });

  test('not when the sources are those it was built from', () => {
    expect(needsBuild(root)).toBe(false);
  });

  test.each<[string, () => void]>([
    ['dist is missing', () => rmSync(join(root, 'dist'), { recursive: true })],
    ['a source is newer', () => write('services/worker/main.ts', 'two', 200)],
    ['an older source was put back', () => write('services/worker/main.ts', 'old', 50)],
    ['a source was added', () => write('reducers/sample/module.ts', '', 50)],
    ['a source was removed', () => rmSync(join(root, 'schemas/event/1.avsc'))],
    [
      'a source was renamed',
      () => renameSync(join(root, 'services/worker/main.ts'), join(root, 'services/worker/other.ts')),
    ],
    ['a compiler setting changed', () => write('tsconfig.json', '{}', 50)],
  ])('when %s', (_, change) => {
    change();
    expect(needsBuild(root)).toBe(true);
  });

  test('not when only what is no source changed', () => {
    write('README.md', 'x');
    write('test/x.test.ts', 'x');
    expect(statSync(join(root, 'README.md')).isFile()).toBe(true);
    expect(needsBuild(root)).toBe(false);
  });
});
