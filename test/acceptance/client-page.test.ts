import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { createLecternClient } from '../../examples/client/browser.ts';
import type { createIndexedDbStore } from '../../examples/client/indexeddb-store.ts';
import type { LecternClient } from '../../examples/client/options.ts';
import { chromiumPath, describeInChromium } from '../support/chromium.ts';
import { ROOT } from '../support/process.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

/** What the bundle puts into a page. */
interface PageGlobals {
  createLecternClient: typeof createLecternClient;
  createIndexedDbStore: typeof createIndexedDbStore;
  client: LecternClient;
}

/** As a page gets it: through the package, for browsers. */
async function bundleClient(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createLecternClient } from 'lectern/client';
        import { createIndexedDbStore } from 'lectern/client/indexeddb-store';
        Object.assign(globalThis, { createLecternClient, createIndexedDbStore });`,
      resolveDir: ROOT,
    },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

describeInChromium('the client in a page, with its events in IndexedDB', () => {
  let product: RestartableProgram;
  let browser: Browser;
  let context: BrowserContext;
  let bundle: string;

  beforeAll(async () => {
    product = await createProgram('dist/services/standalone/main.js', {
      LECTERN_DATA_DIR: mkdtempSync(join(tmpdir(), 'client-page-')),
      LECTERN_LOG_LEVEL: 'warn',
    });
    await product.start();
    await product.ready();
    bundle = await bundleClient();
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-gpu'],
    });
    context = await browser.newContext();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    if (product?.running()) await product.kill();
  }, 60_000);

  async function openTab(): Promise<Page> {
    const page = await context.newPage();
    // A page that does nothing, of the origin of the socket.
    await page.goto(`${product.url}/healthz`);
    await page.addScriptTag({ content: bundle });
    await page.evaluate(
      (url) => {
        const page = globalThis as unknown as PageGlobals;
        page.client = page.createLecternClient({
          url,
          source: 'org.mitros.writing_analytics',
          identity: { user_id: 'zoe' },
          store: page.createIndexedDbStore(),
          retryMinMs: 50,
          retryMaxMs: 500,
        });
      },
      `${product.url.replace('http', 'ws')}/wsapi/in/`,
    );
    return page;
  }

  /** Resolves when the client promised to keep them. */
  const send = (page: Page, events: number): Promise<void> =>
    page.evaluate(async (count) => {
      const { client } = globalThis as unknown as PageGlobals;
      await Promise.all(Array.from({ length: count }, (_, item) => client.send({ event: 'test', item })));
    }, events);
  const flush = (page: Page): Promise<void> =>
    page.evaluate(() => (globalThis as unknown as PageGlobals).client.flush());
  const expectCount = async (expected: number): Promise<void> => {
    const url = `${product.url}/v1/state/student_events.student_event_counter?STUDENT=tc-testcase-zoe`;
    const count = async (): Promise<number> =>
      ((await (await fetch(url)).json()) as { state: { count: number } }).state.count;
    await waitFor(async () => (await count()) >= expected, {
      message: `${expected} are counted`,
      timeoutMs: 20_000,
    });
    expect(await count()).toBe(expected);
  };

  test('has every event in the states once, through the end of tabs and of the server', async () => {
    const first = await openTab();
    await send(first, 20);
    await flush(first);
    await expectCount(20);

    await product.kill();
    await send(first, 10);
    await first.close();
    await product.start();
    const second = await openTab();
    await flush(second);
    await expectCount(30);

    const third = await openTab();
    await Promise.all([send(second, 5), send(third, 5)]);
    await Promise.all([flush(second), flush(third)]);
    await expectCount(40);

    await product.kill();
    await send(third, 7);
    await third.close();
    await second.close();
    await product.start();
    // It goes on with the store of the second tab, and sends what the third one left besides.
    const fourth = await openTab();
    await send(fourth, 1);
    await expectCount(48);
  }, 120_000);
});
