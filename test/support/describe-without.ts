import { describe, test } from '@jest/globals';

/**
 * Declares a suite that lacks what it needs: skipped, with the reason and its remedy printed; with CI=true a failure
 * instead, because there nobody reads.
 */
export function describeWithout(name: string, reason: string, body: () => void): void {
  if (process.env.CI === 'true') {
    describe(name, () => {
      test('has what it needs', () => {
        throw new Error(reason);
      });
    });
  } else {
    console.warn(`skipped: ${name}\n${reason}`);
    describe.skip(name, body);
  }
}
