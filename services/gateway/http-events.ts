import type { IncomingMessage } from 'node:http';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { otherMethods } from '../shared/other-methods.ts';
import { type AdmissionDeps, comeAgain, createAdmission } from './admission.ts';
import { createAppends } from './appends.ts';
import { blocklistAnswer } from './blocklist.ts';
import type { BodyBudget } from './body-budget.ts';
import { type BodyFault, encodingOf } from './body-stream.ts';
import { type Batch, type BatchDeps, createBatch, type EventResult } from './http-batch.ts';
import { JSON_TYPE, NDJSON_TYPE } from './http-body.ts';
import { GATE_CHALLENGE } from './http-gate.ts';
import { type RequestLimits, takeRequest, tooMuch } from './http-request.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import type { Sender } from './sender.ts';

export interface HttpEventsDeps extends Omit<BatchDeps, 'appends'> {
  readonly limits: BatchDeps['limits'] & RequestLimits & AdmissionDeps['limits'];
  readonly publisher: Publisher;
  readonly metrics: GatewayMetrics;
  /** Lets on whose sender may be let in; see `createGate`. */
  readonly gate: RequestHandler;
  readonly senderOf: (request: IncomingMessage) => Promise<Sender>;
  /** Where a request comes from, to count by. */
  readonly addressOf: (request: IncomingMessage) => string;
  readonly bodyBudget: BodyBudget;
  readonly clockMs: () => number;
  readonly isStopping: () => boolean;
}

function answer(response: Response, results: readonly EventResult[], fault: BodyFault | null): void {
  if (fault === null) return void response.json({ results });
  // Nothing more is expected of a sender that stopped sending.
  if (fault.status === 401) response.set('www-authenticate', GATE_CHALLENGE);
  if (fault.status === 408) response.set('connection', 'close');
  if (fault.retryAfterS !== undefined) response.set('retry-after', String(fault.retryAfterS));
  response.status(fault.status).json({ error: fault.error, ...(results.length === 0 ? {} : { results }) });
}

/**
 * `POST /v1/events`. Takes elements as they come in, and answers after all that it calls accepted is durable: 200 with a
 * result for every element; 400, 401, 408, 413 or 429 with the fault that ended the reading, and with a result for every
 * element before it, which were taken all the same; 503 when the log was not fast enough, which claims nothing: whoever
 * sends again under the same ids is counted once; 403 when the sender is blocked and nothing else was in it; 401 when it
 * may not send at all.
 */
export function createHttpEvents(deps: HttpEventsDeps): Router {
  const { limits, publisher, metrics, clockMs } = deps;
  const appends = createAppends({ publisher, onKept: metrics.ack, clockMs });
  const admission = createAdmission(deps);

  const isTaken: RequestHandler = (request, response, next) => {
    const waitMs = deps.rates.waitMs({ address: deps.addressOf(request), key: null });
    if (waitMs > 0) return answer(response, [], tooMuch(waitMs));
    if (!request.is([JSON_TYPE, NDJSON_TYPE]))
      return void response
        .status(415)
        .json({ error: `content-type: must be ${JSON_TYPE} (an array) or ${NDJSON_TYPE}` });
    if (encodingOf(request) === null)
      return void response
        .status(415)
        .set('accept-encoding', 'gzip')
        .json({ error: 'content-encoding: must be gzip, or none' });
    next();
  };

  /** A body that is read bit by bit never has more in memory than the request's window. */
  const fits: RequestHandler = (request, response, next) => {
    const length = Number(request.headers['content-length'] ?? limits.bodyBytes);
    const unpacked = encodingOf(request) === 'identity' ? length : length * limits.unpackedRatio;
    const share = deps.bodyBudget.share(deps.addressOf(request));
    response.once('close', share.end);
    if (share.take(Math.min(unpacked, limits.requestWindowBytes))) return next();
    comeAgain(response, 'too much is coming in now; send again later');
  };

  function count(batch: Batch, outcome: 'accepted' | 'unkept'): void {
    for (const known of [true, false]) metrics.events(outcome, known, batch.appended(known));
    if (outcome === 'unkept') return;
    for (const { status } of batch.results()) {
      if (status === 'rejected') metrics.events('refused', false);
      if (status === 'duplicate') metrics.events('duplicate', false);
    }
  }

  async function post(request: Request, response: Response): Promise<void> {
    const sender = await deps.senderOf(request);
    const batch = createBatch(sender, deps.addressOf(request), { ...deps, appends });
    const ended = await takeRequest(request, batch, appends, limits);
    count(batch, ended === 'unkept' ? 'unkept' : 'accepted');
    if (ended === 'unkept')
      return comeAgain(response, 'the events could not be kept in time; send them again, with the same ids');
    if (batch.asGuest() && sender.setCookie !== null) response.append('set-cookie', sender.setCookie);
    const results = batch.results();
    const blocked = batch.blocked();
    // Nothing is left of a request whose sender is blocked.
    if (ended === null && blocked !== null && results.every(({ id }) => id === undefined)) {
      const blocklist = blocklistAnswer(blocked, deps.now());
      return void response.status(403).json({ ...blocklist, error: blocklist.message, results });
    }
    answer(response, results, ended);
  }

  const router = Router();
  router
    .route('/v1/events')
    .post(admission.lettingGo, admission.hasRoom, isTaken, admission.counted, deps.gate, fits, post)
    .all(otherMethods('POST'));
  return router;
}
