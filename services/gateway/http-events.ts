import type { IncomingMessage } from 'node:http';
import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { type Batch, type BatchDeps, takeBatch } from './http-batch.ts';
import { JSON_TYPE, NDJSON_TYPE, parseBody } from './http-body.ts';
import type { GatewayLimits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Publisher, Ticket } from './publisher.ts';
import { createRecentIds } from './recent-ids.ts';
import type { Sender } from './sender.ts';

export interface HttpEventsDeps extends Omit<BatchDeps, 'recent'> {
  readonly limits: BatchDeps['limits'] &
    Pick<
      GatewayLimits,
      'frameBytes' | 'nestingLevels' | 'bodyBytes' | 'bodyEvents' | 'requestsInFlight' | 'ackTimeoutMs'
    >;
  readonly publisher: Publisher;
  readonly metrics: GatewayMetrics;
  readonly senderOf: (request: IncomingMessage) => Promise<Sender>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly clockMs: () => number;
  readonly isStopping: () => boolean;
}

const RECENT_IDS = 10_000;

function comeAgain(response: Response, error: string): void {
  response.status(503).set('retry-after', '1').json({ error });
}

/** True when everything was durable in time. What was never sent by then is dropped: its sender will come again. */
async function keptInTime(ticket: Ticket, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const kept = await Promise.race([
    ticket.kept.then(
      () => true,
      () => false,
    ),
    late,
  ]);
  clearTimeout(timer);
  if (!kept) ticket.cancel();
  return kept;
}

/**
 * `POST /v1/events`. Answers 200 with a result for every element, after all that it calls accepted is durable; 503 when
 * the log was not fast enough, and then claims nothing: whoever sends again under the same ids is counted once.
 */
export function createHttpEvents(deps: HttpEventsDeps): Router {
  const { limits, publisher, metrics, clockMs } = deps;
  const recent = createRecentIds(RECENT_IDS);
  let inFlight = 0;

  /** Before the body is read, so that a full gateway does not fill further. */
  const admit: RequestHandler = (request, response, next) => {
    if (deps.isStopping()) return comeAgain(response, 'the server stops; send again');
    if (publisher.isFull() || inFlight >= limits.requestsInFlight)
      return comeAgain(response, 'events cannot be kept now; send again later');
    if (!request.is([JSON_TYPE, NDJSON_TYPE]))
      return void response
        .status(415)
        .json({ error: `content-type: must be ${JSON_TYPE} (an array) or ${NDJSON_TYPE}` });
    inFlight++;
    response.once('close', () => {
      inFlight--;
    });
    next();
  };

  function count(batch: Batch): void {
    for (const { status } of batch.results) {
      if (status === 'rejected') metrics.events('refused', false);
      if (status === 'duplicate') metrics.events('duplicate', false);
    }
  }

  async function keep(batch: Batch, response: Response): Promise<void> {
    const since = clockMs();
    const ticket = publisher.publish(batch.records.map(({ record }) => record));
    // Also when it is too late for this request: its repeat is then recognised.
    ticket?.kept.then(
      () => {
        for (const record of batch.records) recent.add(record);
      },
      () => undefined,
    );
    const kept = ticket !== null && (await keptInTime(ticket, limits.ackTimeoutMs));
    for (const record of batch.records) metrics.events(kept ? 'accepted' : 'unkept', record.sourceKnown);
    if (!kept)
      return comeAgain(response, 'the events could not be kept in time; send them again, with the same ids');
    if (batch.records.length > 0) metrics.ack(clockMs() - since);
    count(batch);
    response.json({ results: batch.results });
  }

  async function post(request: Request, response: Response): Promise<void> {
    const type = request.is(NDJSON_TYPE) ? NDJSON_TYPE : JSON_TYPE;
    // A request without a body leaves no buffer behind.
    const bytes: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const body = parseBody(bytes, type, limits);
    if (body.kind === 'refused') return void response.status(body.status).json({ error: body.error });
    const sender = await deps.senderOf(request);
    const batch = takeBatch(body.frames, sender, Math.round(deps.now() * 1_000), { ...deps, recent });
    if (batch === null) {
      const error = `with their locked fields the events of a request may have at most ${limits.requestBytes} bytes`;
      return void response.status(413).json({ error });
    }
    if (batch.asGuest && sender.setCookie !== null) response.append('set-cookie', sender.setCookie);
    await keep(batch, response);
  }

  const router = Router();
  router
    .route('/v1/events')
    .post(admit, express.raw({ type: () => true, limit: limits.bodyBytes, inflate: false }), post)
    .all((_request, response) => void response.status(405).set('allow', 'POST').json({ error: 'use POST' }));
  return router;
}
