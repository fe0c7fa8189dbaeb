import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import { startChild } from '../../deploy/local/child.ts';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import { createS3Archive, type S3Settings } from '../../services/shared/archive/s3.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import type { House } from './house.ts';
import { loadRecord } from './load.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PROGRAM = join(ROOT, 'dist/services/cli/main.js');
const BUCKET = 'bench-verify';
const SOURCE = 'bench.verify';
const NAMESPACE = 'verify';
const PARTITIONS = 8;
const RECORDS = 3;
/** Of each partition, as when they are cut by age. */
const OBJECTS_A_DAY = 96;
const FIRST_DAY = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const AT_ONCE = 16;

interface Report {
  readonly whole: boolean;
  readonly objects: number;
}

/** Puts so many small objects, the same number of each partition. */
async function putObjects(settings: S3Settings, objects: number): Promise<void> {
  const client = new S3Client({ ...settings, forcePathStyle: true, credentials: settings });
  await client.send(new CreateBucketCommand({ Bucket: settings.bucket }));
  client.destroy();
  const archive = createS3Archive(settings);
  const encoder = createObjectEncoder();
  const topic = eventsTopic(NAMESPACE, SOURCE);
  const load = { namespace: NAMESPACE, source: SOURCE, payloadBytes: 100, sessions: false };
  const put = async (index: number): Promise<void> => {
    const [partition, nth] = [index % PARTITIONS, Math.floor(index / PARTITIONS)];
    const timestamp = FIRST_DAY + Math.floor(nth / OBJECTS_A_DAY) * DAY_MS;
    const records = Array.from({ length: RECORDS }, (_, n) => {
      const { key, value } = loadRecord(load, partition, n);
      return { offset: nth * RECORDS + n, timestamp, key: Buffer.from(key), value, headers: {} };
    });
    const { name, bytes, range } = await encoder.encode({ source: SOURCE, topic, partition }, records);
    await archive.putIfAbsent(name, bytes, toMetadata(range));
  };
  await pMap(Array.from({ length: objects }).keys(), put, { concurrency: AT_ONCE });
  await archive.close();
}

/** How long `lectern archive verify` takes for so many objects on the S3 of the bench, in seconds. */
export async function verifiedSeconds(house: House, objects: number): Promise<number> {
  const settings = { ...house.stack.addresses.s3, region: 'us-east-1', bucket: BUCKET };
  await putObjects(settings, objects);
  const { PATH = '', HOME = '' } = process.env;
  const startedAt = performance.now();
  const child = await startChild({
    run: house.run,
    name: 'archive verify',
    command: process.execPath,
    args: [PROGRAM, 'archive', 'verify', '--json'],
    env: { PATH, HOME, ...house.variables, LECTERN_S3_BUCKET: BUCKET, NODE_NO_WARNINGS: '1' },
    cwd: ROOT,
  });
  const { code } = await child.ended;
  const seconds = (performance.now() - startedAt) / 1_000;
  const said = child.lines().join('\n');
  const report = code === 0 ? (JSON.parse(said) as Report) : null;
  if (report?.whole !== true || report.objects !== objects)
    throw new Error(`archive verify ended with ${code}:\n${said.slice(-2_000)}`);
  return seconds;
}
