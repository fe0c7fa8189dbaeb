import { Router } from 'express';
import { type AskedDeps, readAsked } from './asked.ts';
import { createEventStream } from './event-stream.ts';
import type { Live } from './live.ts';

export interface LiveRouteDeps extends AskedDeps {
  readonly live: Live;
}

/** Some 16 KiB of request line hold about as many. */
const MAX_KEYS = 500;
const RETRY_AFTER_S = 5;

/**
 * `GET /v1/live/<module>.<reducer>?STUDENT=a&STUDENT=b`: server-sent events, whose messages `subscription.ts` describes.
 * Nothing is resumed: a client that connects again starts with a new snapshot.
 */
export function createLiveRoute(deps: LiveRouteDeps): Router {
  const { live } = deps;
  const router = Router();
  router.get('/v1/live/:reducer', async (request, response) => {
    const asked = await readAsked(deps, request, response, MAX_KEYS);
    if (asked === null) return;
    const subscription = await live.subscribe(asked.target, asked.keys);
    if (subscription === null) {
      const error = 'no more live streams can be served now; try again later';
      response.status(503).set('retry-after', String(RETRY_AFTER_S)).json({ error });
      return;
    }
    response.on('close', () => live.unsubscribe(subscription));
    if (response.closed || response.destroyed) return live.unsubscribe(subscription);
    subscription.start(createEventStream(response));
  });
  return router;
}
