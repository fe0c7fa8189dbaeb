import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { ROOT } from '../support/process.ts';

test('the client and its stores for Node are in the package', async () => {
  const program = `
    import { createLecternClient } from 'lectern/client';
    import { createFileStore } from 'lectern/client/file-store';
    import { createMemoryStore } from 'lectern/client/memory-store';
    console.log(typeof createLecternClient, typeof createFileStore, typeof createMemoryStore);`;
  const args = ['--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  expect(stdout).toBe('function function function\n');
});
