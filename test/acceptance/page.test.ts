import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { chromiumPath, describeInChromium } from '../support/chromium.ts';
import { ROOT } from '../support/process.ts';
import { createProgram, type RestartableProgram } from '../support/product.ts';

const ARTIFACTS = join(ROOT, 'test/artifacts');
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describeInChromium('the page, with the demo class', () => {
  let product: RestartableProgram;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    mkdirSync(ARTIFACTS, { recursive: true });
    const env = { LECTERN_DATA_DIR: mkdtempSync(join(tmpdir(), 'page-')), LECTERN_LOG_LEVEL: 'warn' };
    product = await createProgram('dist/services/standalone/main.js', env, ['--demo']);
    await product.start();
    await product.ready();
    browser = await chromium.launch({ executablePath: chromiumPath(), args: FLAGS });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  }, 60_000);

  /** The numbers in the table of students, added up. */
  const total = (): Promise<number> =>
    page
      .locator('tbody td')
      .evaluateAll((cells) =>
        cells
          .map((cell) => Number(cell.textContent))
          .reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0),
      );

  /** Resolves when the numbers have grown without anybody touching the page. */
  const untilItGrows = async (): Promise<void> => {
    const before = await total();
    await page.waitForFunction(
      (known) => {
        const cells = [...document.querySelectorAll('tbody td')].map((cell) => Number(cell.textContent));
        return cells.reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0) > known;
      },
      before,
      { timeout: 30_000 },
    );
    expect(await total()).toBeGreaterThan(before);
  };

  test('shows every student of the class and the module', async () => {
    await page.goto(product.url);
    await page.getByText('Ada Okafor').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(30);
    expect(await page.getByText('student_event_counter').count()).toBeGreaterThan(0);
  });

  test('changes by itself as the students write', async () => {
    await untilItGrows();
    await page.screenshot({ path: join(ARTIFACTS, 'page.png') });
  }, 60_000);

  test('goes on by itself after the product was away', async () => {
    await product.kill();
    await page
      .getByText(/reconnecting/i)
      .first()
      .waitFor();
    await page.screenshot({ path: join(ARTIFACTS, 'page-away.png') });
    await product.start();
    await page
      .getByText(/reconnecting/i)
      .first()
      .waitFor({ state: 'hidden', timeout: 30_000 });
    await untilItGrows();
  }, 90_000);

  test('fits a phone, and logs no error but the connection that was cut', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.screenshot({ path: join(ARTIFACTS, 'page-phone.png') });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    expect(
      errors.filter((text) => !text.includes('ERR_CONNECTION_REFUSED') && !text.includes('net::')),
    ).toEqual([]);
  });
});
