import { afterEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createApp, type Listening, listen } from '../../services/shared/http.ts';
import { createLogger } from '../../services/shared/logger.ts';

let listening: Listening;
afterEach(() => listening.close());

test.each([
  ['everything works', [], [], 200, { ready: true, status: 'ready' }],
  ['some of its work stands still', [], ['m.v1: paused'], 200, { ready: true, status: 'degraded' }],
  ['it does not work', ['away'], [], 503, { ready: false, status: 'not ready' }],
  ['it does not, and some would not', ['away'], ['m.v1: paused'], 503, { ready: false, status: 'not ready' }],
])('/readyz tells when %s', async (_, notReady, degraded, status, expected) => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const app = createApp({
    routers: [],
    notReady: () => notReady,
    degraded: () => degraded,
    registry: new Registry(),
    logger,
  });
  listening = await listen(app, '127.0.0.1', 0);
  const response = await fetch(`${listening.url}/readyz`);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ ...expected, reasons: [...notReady, ...degraded] });
});
