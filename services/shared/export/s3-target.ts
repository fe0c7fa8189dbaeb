import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createS3Client, type S3Settings } from '../archive/s3.ts';
import { faultOf, unavailable } from '../archive/s3-faults.ts';
import { LecternError } from '../errors.ts';
import type { ExportTarget } from './target.ts';

export interface S3TargetOptions {
  /** The bucket is the export's. */
  readonly settings: S3Settings;
  /** What names begin with: empty, or ending in `/`. */
  readonly prefix: string;
  readonly partBytes?: number;
}

/** S3 takes 10,000 parts: 312 GiB. */
const PART_BYTES = 32 * 1_048_576;

/** An export in a bucket. Larger files are put in parts, and are not there before the last one is. */
export async function openS3Target({
  settings,
  prefix,
  partBytes = PART_BYTES,
}: S3TargetOptions): Promise<ExportTarget> {
  const client = createS3Client(settings);
  const at = (name: string): { Bucket: string; Key: string } => ({
    Bucket: settings.bucket,
    Key: `${prefix}${name}`,
  });
  const ask = async <T>(request: () => Promise<T>): Promise<T> => {
    try {
      return await request();
    } catch (cause) {
      throw cause instanceof LecternError ? cause : unavailable(settings, cause);
    }
  };
  const orNull = async <T>(request: () => Promise<T>): Promise<T | null> =>
    await ask(() =>
      request().catch((cause: unknown) => {
        if (faultOf(cause).status === 404) return null;
        throw cause;
      }),
    );

  const putParts = async (name: string, parts: AsyncIterable<Buffer>): Promise<void> => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(at(name)));
    try {
      const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
      for await (const Body of parts) {
        const PartNumber = Parts.length + 1;
        const { ETag } = await client.send(
          new UploadPartCommand({ ...at(name), UploadId, PartNumber, Body }),
        );
        Parts.push({ ETag, PartNumber });
      }
      const MultipartUpload = { Parts };
      await client.send(new CompleteMultipartUploadCommand({ ...at(name), UploadId, MultipartUpload }));
    } catch (error) {
      await client.send(new AbortMultipartUploadCommand({ ...at(name), UploadId })).catch(() => undefined);
      throw error;
    }
  };

  const isThere = await orNull(() => client.send(new HeadBucketCommand({ Bucket: settings.bucket })));
  if (isThere === null)
    throw new LecternError(
      'CONFIG_INVALID',
      `--out: there is no bucket ${settings.bucket} at ${settings.endpoint}: create it, or name another`,
    );
  const workDir = await mkdtemp(join(tmpdir(), 'lectern-export-'));

  return {
    name: `s3://${settings.bucket}/${prefix}`,
    workDir,
    read: (name) =>
      orNull(async () => {
        const { Body } = await client.send(new GetObjectCommand(at(name)));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      }),
    async write(name, bytes) {
      await ask(() => client.send(new PutObjectCommand({ ...at(name), Body: bytes })));
    },
    async putFile(name, path) {
      const file = await open(path);
      try {
        const { size } = await file.stat();
        const parts = file.createReadStream({ highWaterMark: partBytes, autoClose: false });
        if (size > partBytes) await ask(() => putParts(name, parts));
        else {
          const Body = await file.readFile();
          await ask(() => client.send(new PutObjectCommand({ ...at(name), Body })));
        }
        return size;
      } finally {
        await file.close();
        await rm(path, { force: true });
      }
    },
    size: (name) =>
      orNull(async () => (await client.send(new HeadObjectCommand(at(name)))).ContentLength ?? 0),
    async delete(name) {
      await ask(() => client.send(new DeleteObjectCommand(at(name))));
    },
    async close() {
      client.destroy();
      await rm(workDir, { recursive: true, force: true });
    },
  };
}
