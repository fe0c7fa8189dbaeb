import type { RequestHandler } from 'express';

/**
 * Bounds what comes after an answer. A sender that was answered in the middle of its body may finish it, so that it can
 * read the answer, for `answerMs`. A client that does not take its answer is cut off after `answerMs`, twice that at most.
 */
export function createLettingGo({ answerMs }: { readonly answerMs: number }): RequestHandler {
  return (request, response, next) => {
    let untaken = false;
    const look = setInterval(() => {
      if (untaken) response.destroy();
      untaken = response.writableEnded;
    }, answerMs);
    look.unref();
    response.once('close', () => clearInterval(look));
    response.once('finish', () => {
      if (request.complete) return;
      request.resume();
      const timer = setTimeout(() => request.destroy(), answerMs);
      timer.unref();
      request.once('close', () => clearTimeout(timer));
    });
    next();
  };
}
