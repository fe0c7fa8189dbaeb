import { fileURLToPath } from 'node:url';
import express, { Router } from 'express';

/** Everything comes from here, nothing is inline, and nobody may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves `index.html` at `/` and its files from a folder. Browsers ask each time whether a file changed: the names of
 * files stay, so a new version has to be seen at once.
 */
export function createPages(webDir: URL | string): Router {
  const router = Router();
  const folder = typeof webDir === 'string' ? webDir : fileURLToPath(webDir);
  router.use(
    express.static(folder, {
      redirect: false,
      setHeaders: (response) => {
        response.setHeader('cache-control', 'no-cache');
        response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
        response.setHeader('cross-origin-opener-policy', 'same-origin');
        response.setHeader('referrer-policy', 'no-referrer');
        response.setHeader('x-content-type-options', 'nosniff');
      },
    }),
  );
  return router;
}
