import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { LecternError } from '../errors.ts';
import { checkFolder, checkName, checkObject, checkPrefix, PAGE_SIZE } from './object-rules.ts';
import type { ArchiveObject, ArchiveStore } from './port.ts';
import { faultOf, type S3Fault, unavailable } from './s3-faults.ts';

export interface S3Settings {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 5_000;
/** For one attempt; 64 MiB then need 9 Mbit/s. */
const REQUEST_TIMEOUT_MS = 60_000;
const CHECK_TIMEOUT_MS = 5_000;
const SOCKETS = 32;
const CONFLICT_ATTEMPTS = 12;
const CONFLICT_PAUSE_MS = 250;

export function createS3Client(settings: S3Settings): S3Client {
  const { accessKeyId, secretAccessKey } = settings;
  const agent = { maxSockets: SOCKETS, keepAlive: true };
  return new S3Client({
    endpoint: settings.endpoint,
    region: settings.region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: ATTEMPTS,
    // Not every S3 knows the checksums of later SDKs; each object's SHA-256 is in its metadata.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      socketTimeout: REQUEST_TIMEOUT_MS,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}

/**
 * `ArchiveStore` on a bucket of any S3 that honours `If-None-Match: *`, and `If-Match` where something is erased. Only this
 * and the target of exports import the AWS SDK.
 *
 * A put whose answer was lost is sent again by the SDK, and then finds its own object: it answers `exists` although it
 * won. Who is told `exists` must compare anyway.
 */
export function createS3Archive(settings: S3Settings): ArchiveStore {
  const client = createS3Client(settings);
  const Bucket = settings.bucket;

  /** Runs a request; `expected` answers those refusals that are no faults, or undefined for the others. */
  const ask = async <T, E = never>(
    request: () => Promise<T>,
    expected: (fault: S3Fault) => E | undefined = () => undefined,
  ): Promise<T | E> => {
    try {
      return await request();
    } catch (cause) {
      if (cause instanceof LecternError) throw cause;
      const answer = expected(faultOf(cause));
      if (answer === undefined) throw unavailable(settings, cause);
      return answer;
    }
  };

  const check = async (): Promise<void> => {
    const abortSignal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    await ask(() => client.send(new HeadBucketCommand({ Bucket }), { abortSignal }));
  };

  const pages = async function* (query: {
    readonly Prefix: string;
    readonly StartAfter?: string;
    readonly Delimiter?: string;
  }): AsyncGenerator<ListObjectsV2CommandOutput> {
    let ContinuationToken: string | undefined;
    do {
      const command = new ListObjectsV2Command({ Bucket, ...query, ContinuationToken, MaxKeys: PAGE_SIZE });
      const page: ListObjectsV2CommandOutput = await ask(() => client.send(command));
      yield page;
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  };

  /** False when the condition does not hold. */
  const putIf = async (
    condition: Pick<PutObjectCommandInput, 'IfNoneMatch' | 'IfMatch'>,
    name: string,
    { bytes, metadata }: ArchiveObject,
  ): Promise<boolean> => {
    checkObject(name, bytes, metadata);
    const given = { Bucket, Key: name, Body: bytes, Metadata: { ...metadata }, ...condition };
    for (let attempt = 1; ; attempt++) {
      const outcome = await ask(
        () => client.send(new PutObjectCommand(given)).then(() => true),
        ({ status, name: fault }) => {
          if (status === 412 || (fault === 'NoSuchKey' && condition.IfMatch !== undefined)) return false;
          // Another put of that name is under way, and may yet fail: only a later try knows who won.
          return status === 409 && attempt < CONFLICT_ATTEMPTS ? ('conflict' as const) : undefined;
        },
      );
      if (outcome !== 'conflict') return outcome;
      await sleep(CONFLICT_PAUSE_MS * (0.5 + Math.random()));
    }
  };

  const read = async (name: string): Promise<(ArchiveObject & { readonly version: string }) | null> => {
    checkName(name);
    return await ask(
      async () => {
        const { Body, Metadata, ETag } = await client.send(new GetObjectCommand({ Bucket, Key: name }));
        // A connection that breaks in the middle rejects here: it is a fault as any other.
        const { buffer, byteOffset, byteLength } = (await Body?.transformToByteArray()) ?? new Uint8Array();
        const bytes = Buffer.from(buffer, byteOffset, byteLength);
        return { bytes, metadata: Metadata ?? {}, version: ETag ?? '' };
      },
      ({ name: fault }) => (fault === 'NoSuchKey' ? null : undefined),
    );
  };

  return {
    async putIfAbsent(name, bytes, metadata) {
      return (await putIf({ IfNoneMatch: '*' }, name, { bytes, metadata })) ? 'created' : 'exists';
    },

    async get(name) {
      const found = await read(name);
      return found === null ? null : { bytes: found.bytes, metadata: found.metadata };
    },

    async replace(name, make) {
      const found = await read(name);
      if (found === null) return 'absent';
      const made = await make({ bytes: found.bytes, metadata: found.metadata });
      if (made === null) return 'kept';
      return (await putIf({ IfMatch: found.version }, name, made)) ? 'replaced' : 'changed';
    },

    async metadata(name) {
      checkName(name);
      const found = await ask(
        async () => (await client.send(new HeadObjectCommand({ Bucket, Key: name }))).Metadata ?? {},
        ({ status }) => (status === 404 ? null : undefined),
      );
      // The answer to HEAD has no body to say whether it is the object that is missing, or the whole bucket.
      if (found === null) await check();
      return found;
    },

    async *list({ prefix, after }) {
      checkPrefix(prefix);
      const query = { Prefix: prefix, ...(after === undefined ? {} : { StartAfter: after }) };
      for await (const { Contents = [] } of pages(query))
        if (Contents.length > 0)
          yield Contents.map(({ Key = '', Size = 0 }) => ({ name: Key, sizeBytes: Size }));
    },

    async listFolders(prefix) {
      checkFolder(prefix);
      const folders: string[] = [];
      for await (const { CommonPrefixes = [] } of pages({ Prefix: prefix, Delimiter: '/' }))
        folders.push(...CommonPrefixes.flatMap(({ Prefix }) => Prefix ?? []));
      return folders;
    },

    async delete(name) {
      checkName(name);
      await ask(() => client.send(new DeleteObjectCommand({ Bucket, Key: name })));
    },

    check,

    async close() {
      client.destroy();
    },
  };
}
