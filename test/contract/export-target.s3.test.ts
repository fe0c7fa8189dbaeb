import { expect, test } from '@jest/globals';
import { openS3Target } from '../../services/shared/export/s3-target.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { exportTargetContract } from './export-target.ts';

const prefix = `${uniqueName('exports')}/`;
const MIB = 1_048_576;
const settings = () => ({ ...stack().s3, region: 'us-east-1' });

exportTargetContract({
  name: 'a bucket',
  describe: describeOnStack,
  open: () => openS3Target({ settings: settings(), prefix, partBytes: 5 * MIB }),
});

describeOnStack('an export target in a bucket', () => {
  test('says that the bucket is not there before anything is read for it', async () => {
    const bucket = uniqueName('none');
    await expect(openS3Target({ settings: { ...settings(), bucket }, prefix })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`--out: there is no bucket ${bucket} at http`),
    });
  });
});
