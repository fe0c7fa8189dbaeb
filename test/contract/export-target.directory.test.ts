import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openDirectoryTarget } from '../../services/shared/export/directory-target.ts';
import { makeFolder } from '../support/export-house.ts';
import { exportTargetContract } from './export-target.ts';

const root = makeFolder();
exportTargetContract({ name: 'a folder', describe, open: () => openDirectoryTarget(root) });

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
