import { createServer, type IncomingMessage, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createS3Archive, type S3Settings } from '../../services/shared/archive/s3.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { uniqueName } from '../support/unique-name.ts';
import { archiveStoreContract } from './archive-store.ts';

const region = 'us-east-1';
const AWAY: S3Settings = {
  endpoint: 'http://127.0.0.1:9',
  region,
  bucket: 'away',
  accessKeyId: 'some-id',
  secretAccessKey: 'a-secret',
};
const bytes = Buffer.from('bytes');

const settings = (bucket: string): S3Settings => {
  const { endpoint, accessKeyId, secretAccessKey } = stack().s3;
  return { endpoint, region, bucket, accessKeyId, secretAccessKey };
};

async function makeBucket(): Promise<S3Settings> {
  const made = settings(uniqueName('archive'));
  const client = new S3Client({ ...made, forcePathStyle: true, credentials: made });
  await client.send(new CreateBucketCommand({ Bucket: made.bucket }));
  client.destroy();
  return made;
}

archiveStoreContract({
  name: 'S3',
  // S3 does; this server compares first and puts then, so of many at one moment several may be told that they did.
  replacesAtomically: false,
  describe: describeOnStack,
  async create() {
    const made = await makeBucket();
    const stores = [createS3Archive(made)];
    return {
      store: stores[0]!,
      another() {
        const store = createS3Archive(made);
        stores.push(store);
        return store;
      },
      close: async () => void (await Promise.all(stores.map((store) => store.close()))),
    };
  },
  away: () => createS3Archive(AWAY),
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function forward(incoming: IncomingMessage, endpoint: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, headers } = incoming;
    const outgoing = request(`${endpoint}${incoming.url}`, { method, headers, agent: false }, resolve);
    outgoing.on('error', reject);
    incoming.pipe(outgoing);
  });
}

describeOnStack('an S3 archive on a bad day', () => {
  test('a missing bucket is no empty archive, in every call', async () => {
    const store = createS3Archive(settings('no-such-bucket'));
    const calls = [
      store.check(),
      store.get('a'),
      store.metadata('a'),
      store.listFolders('a/'),
      store.list({ prefix: '' })[Symbol.asyncIterator]().next(),
      store.putIfAbsent('a', bytes, {}),
    ];
    for (const outcome of await Promise.allSettled<unknown>(calls))
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'ARCHIVE_UNAVAILABLE',
          message: expect.stringContaining('there is no bucket no-such-bucket: create it'),
        },
      });
    await store.close();
  });

  test('refused credentials are named, and not told', async () => {
    const made = { ...(await makeBucket()), secretAccessKey: 'wrong-secret' };
    const store = createS3Archive(made);
    const fault = await store.get('a').catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'ARCHIVE_UNAVAILABLE', retriable: true });
    const { message } = fault as Error;
    for (const part of [made.endpoint, made.bucket, 'LECTERN_S3_SECRET_ACCESS_KEY'])
      expect(message).toContain(part);
    expect(message).not.toContain('wrong-secret');
    await store.close();
  });

  test('a put whose answer is lost says that the object exists, and it is the one that was put', async () => {
    const made = await makeBucket();
    let puts = 0;
    const endpoint = await listen(async (incoming, answer) => {
      const upstream = await forward(incoming, made.endpoint);
      if (incoming.method === 'PUT' && ++puts === 1) {
        upstream.destroy();
        incoming.socket.destroy();
      } else upstream.pipe(answer.writeHead(upstream.statusCode ?? 500, upstream.headers));
    });
    const store = createS3Archive({ ...made, endpoint });
    expect(await store.putIfAbsent('a', bytes, { writer: 'me' })).toBe('exists');
    expect(puts).toBe(2);
    expect(await store.get('a')).toEqual({ bytes, metadata: { writer: 'me' } });
    await store.close();
  });
});

describe('an S3 archive and what stores answer', () => {
  const xml = (code: string): string => `<Error><Code>${code}</Code><Message>why</Message></Error>`;

  test.each([
    ['created', 200, ''],
    ['exists', 412, xml('PreconditionFailed')],
  ])(
    'a put that meets another under way is repeated until it is decided: %s',
    async (outcome, status, body) => {
      const seen: (string | undefined)[] = [];
      const endpoint = await listen((incoming, answer) => {
        seen.push(incoming.headers['if-none-match'] as string | undefined);
        if (seen.length < 4) answer.writeHead(409).end(xml('ConditionalRequestConflict'));
        else answer.writeHead(status).end(body);
      });
      const store = createS3Archive({ ...AWAY, endpoint });
      expect(await store.putIfAbsent('a', bytes, {})).toBe(outcome);
      expect(seen).toEqual(['*', '*', '*', '*']);
      await store.close();
    },
  );

  test.each([
    [301, 'PermanentRedirect', 'LECTERN_S3_REGION'],
    [403, 'AccessDenied', 'LECTERN_S3_ACCESS_KEY_ID'],
    [404, 'NoSuchBucket', 'create it'],
    [501, 'NotImplemented', 'conditional writes'],
    [400, 'InvalidRequest', 'it answered 400'],
  ])('%d %s is away, with a remedy', async (status, code, remedy) => {
    const endpoint = await listen((_, answer) => void answer.writeHead(status).end(xml(code)));
    const store = createS3Archive({ ...AWAY, endpoint });
    await expect(store.putIfAbsent('a', bytes, {})).rejects.toMatchObject({
      code: 'ARCHIVE_UNAVAILABLE',
      retriable: true,
      message: expect.stringContaining(remedy),
    });
    await store.close();
  });

  test('an object whose bytes break off is a fault, not a short object', async () => {
    const endpoint = await listen((incoming, answer) => {
      answer.writeHead(200, { 'content-length': '1000' }).write('short');
      setImmediate(() => incoming.socket.destroy());
    });
    const store = createS3Archive({ ...AWAY, endpoint });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'ARCHIVE_UNAVAILABLE' });
    await store.close();
  });
});
