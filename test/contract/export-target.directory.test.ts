import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openDirectoryTarget } from '../../services/shared/export/directory-target.ts';
import { makeFolder } from '../support/export-house.ts';
import { exportTargetContract } from './export-target.ts';

const root = makeFolder();
exportTargetContract({ name: 'a folder', describe, open: () => openDirectoryTarget(root) });

test('who reads a file goes on reading that one while it is replaced', async () => {
  const target = await openDirectoryTarget(root);
  await target.write('read', Buffer.from('the first'));
  const reader = await open(join(root, 'read'));
  const path = join(target.workDir, 'second');
  writeFileSync(path, 'x');
  await target.putFile('read', path);
  await target.write('read', Buffer.from('y'));
  expect(await reader.readFile('utf8')).toBe('the first');
  await reader.close();
  await target.close();
});

test('a folder that cannot be made is named, with the remedy', async () => {
  const file = join(makeFolder(), 'file');
  writeFileSync(file, '');
  await expect(openDirectoryTarget(join(file, 'below'))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(
      /--out: the folder .*below cannot be used: check that it is there, writable/,
    ),
  });
});
