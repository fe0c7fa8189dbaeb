import express, { type RequestHandler } from 'express';

/**
 * Reads a body whole, as a buffer, of at most `maxBytes`, as it was sent. Refuses a larger one with 413 and a compressed
 * one with 415; whatever else is wrong with it goes on as an error.
 */
export function createWholeBody(maxBytes: number): RequestHandler {
  const read = express.raw({ type: () => true, limit: maxBytes, inflate: false });
  return (request, response, next) =>
    read(request, response, (error?: unknown) => {
      const { type } = (error ?? {}) as { readonly type?: unknown };
      if (type === 'entity.too.large')
        response
          .status(413)
          .json({ error: `the body is too large: at most ${maxBytes} bytes; send several requests` });
      else if (type === 'encoding.unsupported')
        response
          .status(415)
          .set('accept-encoding', 'identity')
          .json({ error: 'content-encoding: must be none; send the body unpacked' });
      else next(error);
    });
}
