import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { comeAgain } from './admission.ts';
import type { BodyBudget, BodyShare } from './body-budget.ts';
import { type BodyFault, encodingOf, readBody, type StreamLimits } from './body-stream.ts';

export interface WholeBodyDeps {
  readonly limits: StreamLimits;
  readonly bodyBudget: BodyBudget;
  readonly addressOf: (request: IncomingMessage) => string;
}

/** A body that is read as a whole is also parsed as a whole: so many times its bytes are in memory until the answer. */
const WEIGHT = 4;

/** The body, or what is wrong with it; null when there is no room for it. */
async function take(
  request: IncomingMessage,
  share: BodyShare,
  limits: StreamLimits,
): Promise<Buffer | BodyFault | null> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBody(request, 'identity', limits)) {
    if (!Buffer.isBuffer(chunk)) return chunk;
    // Only what came counts: who announces much and sends nothing takes nothing from others.
    if (!share.take(chunk.length * WEIGHT)) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads a body as a whole into `request.body`, of at most `bodyBytes` and for as long as any body may take. Answers 413,
 * or 408 after which the connection closes; 415 where it is compressed; 503 when too much is in hand already, where that
 * can be told before anything is read.
 */
export function createWholeBody({ limits, bodyBudget, addressOf }: WholeBodyDeps): RequestHandler {
  return async (request, response, next) => {
    if (encodingOf(request) !== 'identity')
      return void response
        .status(415)
        .set('accept-encoding', 'identity')
        .json({ error: 'content-encoding: must be none; send the body unpacked' });
    const address = addressOf(request);
    const share = bodyBudget.share(address);
    response.once('close', share.end);
    const announced = Math.min(Number(request.headers['content-length'] ?? 0), limits.bodyBytes);
    const hasRoom = bodyBudget.hasRoom(address, announced * WEIGHT);
    const body = hasRoom ? await take(request, share, limits) : null;
    if (body === null) return comeAgain(response, 'too much is coming in now; send again later');
    if (Buffer.isBuffer(body)) {
      request.body = body;
      return next();
    }
    // Nothing more is expected of a sender that stopped sending.
    if (body.status === 408) response.set('connection', 'close');
    response.status(body.status).json({ error: body.error });
  };
}
