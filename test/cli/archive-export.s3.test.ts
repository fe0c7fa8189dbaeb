import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { createArchiveCommand } from '../../services/cli/archive.ts';
import { createRunOnArchive } from '../../services/cli/open-archive.ts';
import { createS3Archive } from '../../services/shared/archive/s3.ts';
import { openS3Target } from '../../services/shared/export/s3-target.ts';
import { ask, eventRecord, makeFolder, putObject } from '../support/export-house.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';

const FILE = (source: string): string => `source=${source}/date=2026-09-01/events.parquet`;

afterEach(() => {
  jest.restoreAllMocks();
});

describeOnStack('lectern archive export, from a bucket into a bucket', () => {
  test('gives the files that it gives in a folder, under the prefix', async () => {
    const printed: string[] = [];
    jest.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)));
    const { endpoint, bucket, accessKeyId, secretAccessKey } = stack().s3;
    const settings = { ...stack().s3, region: 'us-east-1' };
    const env = {
      LECTERN_S3_ENDPOINT: endpoint,
      LECTERN_S3_BUCKET: bucket,
      LECTERN_S3_ACCESS_KEY_ID: accessKeyId,
      LECTERN_S3_SECRET_ACCESS_KEY: secretAccessKey,
    };
    const source = uniqueName('essay');
    const archive = createS3Archive(settings);
    await putObject(archive, [eventRecord(0), eventRecord(1)], { source });
    const exportTo = async (out: string): Promise<void> => {
      const program = new Command().addCommand(createArchiveCommand(createRunOnArchive(env), env));
      await program.parseAsync(['archive', 'export', '--source', source, '--out', out], { from: 'user' });
    };
    const prefix = uniqueName('exports');
    await exportTo(`s3://${bucket}/${prefix}/`);
    await exportTo(`s3://${bucket}/${prefix}`);
    const out = makeFolder();
    await exportTo(out);
    await putObject(archive, [eventRecord(2)], { source });
    await exportTo(`s3://${bucket}/${prefix}`);
    expect(printed.filter((line) => line.startsWith(source)).map((line) => line.split(': ')[1])).toEqual([
      '2 records, written',
      '2 records, unchanged',
      '2 records, written',
      '3 records, written',
    ]);
    expect(await ask(out, `SELECT "offset" FROM '${FILE(source)}'`)).toHaveLength(2);
    const target = await openS3Target({ settings, prefix: `${prefix}/` });
    const copy = makeFolder();
    writeFileSync(join(copy, 'events.parquet'), (await target.read(FILE(source)))!);
    expect(await ask(copy, `SELECT "offset" FROM 'events.parquet'`)).toHaveLength(3);
    await target.close();
    await archive.close();
  });
});
