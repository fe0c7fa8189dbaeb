import type { RequestHandler } from 'express';
import { encodingOf, readBody, type StreamLimits } from './body-stream.ts';

/**
 * Reads a body as a whole into `request.body`, of at most `bodyBytes` and for as long as any body may take. Answers 413,
 * or 408 after which the connection closes; 415 where it is compressed.
 */
export function createWholeBody({ limits }: { readonly limits: StreamLimits }): RequestHandler {
  return async (request, response, next) => {
    if (encodingOf(request) !== 'identity')
      return void response
        .status(415)
        .set('accept-encoding', 'identity')
        .json({ error: 'content-encoding: must be none; send the body unpacked' });
    const chunks: Buffer[] = [];
    for await (const chunk of readBody(request, 'identity', limits)) {
      if (Buffer.isBuffer(chunk)) {
        chunks.push(chunk);
        continue;
      }
      // Nothing more is expected of a sender that stopped sending.
      if (chunk.status === 408) response.set('connection', 'close');
      return void response.status(chunk.status).json({ error: chunk.error });
    }
    request.body = Buffer.concat(chunks);
    next();
  };
}
