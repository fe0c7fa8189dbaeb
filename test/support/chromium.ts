import { describe } from '@jest/globals';
import { findChromium } from '../../deploy/local/chromium.ts';
import { describeWithout } from './describe-without.ts';

type Outcome = { readonly path: string } | { readonly reason: string };

// Installed, if need be, when the first suite that imports this is loaded.
const outcome = await findChromium(console.error).then(
  (path): Outcome => ({ path }),
  (error: Error): Outcome => ({ reason: error.message }),
);

/** For playwright's `executablePath`. */
export function chromiumPath(): string {
  if ('reason' in outcome) throw new Error(outcome.reason);
  return outcome.path;
}

/** A `describe` for suites in a browser; without one they are skipped, or fail with CI=true. */
export function describeInChromium(name: string, body: () => void): void {
  if ('path' in outcome) describe(name, body);
  else describeWithout(name, outcome.reason, body);
}
