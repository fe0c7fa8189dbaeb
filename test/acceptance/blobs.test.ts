import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDirectoryArchive } from '../../services/shared/archive/directory.ts';
import { type BlobClient, type BlobClientOptions, openBlobClient } from '../support/blob-client.ts';
import { readArchive } from '../support/ledger.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

const SOURCE = 'org.mitros.writing_analytics';
const MAX_STATE_BYTES = 65_536;

describe('blobs in the built product, in one process', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'blobs-'));
  const clients: BlobClient[] = [];
  let product: RestartableProgram;
  const open = async (options: Omit<BlobClientOptions, 'url' | 'source'> & { source?: string }) => {
    const client = await openBlobClient({ url: product.url, source: SOURCE, ...options });
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    product = await createProgram('dist/services/standalone/main.js', {
      LECTERN_DATA_DIR: dataDir,
      LECTERN_ARCHIVE_MAX_AGE_MS: '1000',
      LECTERN_MAX_STATE_BYTES: String(MAX_STATE_BYTES),
    });
    await product.start();
    await product.ready();
  }, 90_000);
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => product.stop());

  test('a fetch right after a save sees it, after a reconnect too', async () => {
    const client = await open({ user: 'alice' });
    expect(await client.fetch()).toBe('null');
    for (let n = 0; n < 5; n++) {
      client.save(`{"n": ${n}, "big": 9007199254740993}`);
      expect(await client.fetch()).toBe(`{"n": ${n}, "big": 9007199254740993}`);
    }
    expect(await (await open({ user: 'alice' })).fetch()).toBe('{"n": 4, "big": 9007199254740993}');
  });

  test('students, sources and activities each have their own', async () => {
    const all = [
      await open({ user: 'carol' }),
      await open({ user: 'dave' }),
      await open({ user: 'carol', source: 'never.heard.of' }),
      await open({ user: 'carol', activity: 'essay' }),
    ];
    for (const client of all) expect(await client.fetch()).toBe('null');
    for (const [n, client] of all.entries()) client.save(String(n));
    for (const [n, client] of all.entries()) expect(await client.fetch()).toBe(String(n));
  });

  test('the largest that is taken comes back, and a larger one leaves it there', async () => {
    const client = await open({ user: 'erin' });
    // As a state it is a JSON string: two quotes more, and each quote and backslash of the blob twice.
    const blobOf = (filling: number) => `"${'\\\\'.repeat(10_000)}${'x'.repeat(filling)}"`;
    const filling = MAX_STATE_BYTES - 4 * 10_000 - 6;
    const largest = blobOf(filling);
    client.save(largest);
    expect(await client.fetch()).toBe(largest);
    client.save(blobOf(filling + 1));
    await expect(client.fetch()).rejects.toThrow(`blob: may have at most ${MAX_STATE_BYTES} bytes`);
    expect(await client.fetch()).toBe(largest);
  });

  test('kill -9 loses none that was fetched once', async () => {
    const before = await open({ user: 'frank' });
    before.save('"kept"');
    expect(await before.fetch()).toBe('"kept"');
    await product.kill();
    await product.start();
    await product.ready();
    expect(await (await open({ user: 'frank' })).fetch()).toBe('"kept"');
    expect(await (await open({ user: 'alice' })).fetch()).toContain('"n": 4');
  });

  test('they are archived, and no query tells them', async () => {
    const client = await open({ user: 'grace' });
    client.save('"archived"');
    await client.fetch();
    const archive = createDirectoryArchive({ root: join(dataDir, 'archive') });
    await waitFor(
      async () =>
        (await readArchive(archive, '_blobs')).some(({ student }) => student === 'tc-testcase-grace'),
      { message: 'the save is archived' },
    );
    await archive.close();
    const { modules } = (await (await fetch(`${product.url}/v1/modules`)).json()) as {
      modules: { name: string }[];
    };
    expect(modules.map(({ name }) => name)).toEqual(['student_events', 'writing_observer']);
    const path = '/v1/state/blobs.last_blob?STUDENT=tc-testcase-grace&blob_source=x&blob_activity=default';
    expect((await fetch(`${product.url}${path}`)).status).toBe(404);
    expect(product.lines().join('\n')).not.toMatch(/grace|archived"/);
  });
});
