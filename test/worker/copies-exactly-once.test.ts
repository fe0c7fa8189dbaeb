import { describe, expect, test } from '@jest/globals';
import { processWhose } from '../support/world/broken.ts';
import { checkScripts } from '../support/world/check-scripts.ts';

const TIMEOUT_MS = 240_000;

/** A worker that does not keep how far it has copies. */
const forgetting = processWhose('state', (state) => ({
  async readMany(unit, fields) {
    const texts = await state.readMany(unit, fields);
    return texts.map((text, index) => (/^Mark,.*_unclaimed/.test(fields[index]!) ? null : text));
  },
}));

describe('events that waited unclaimed, copied more than once, among faults', () => {
  test(
    'are folded once each, at every checkpoint and in the end',
    async () => {
      await checkScripts({ runs: 40, seed: 1, copies: true });
      await checkScripts({ runs: 20, seed: Date.now() % 2 ** 31, copies: true });
    },
    TIMEOUT_MS,
  );

  test(
    'would be found out to be folded twice',
    async () => {
      const checks = { runs: 300, seed: 1, options: forgetting, copies: true, asFound: true };
      await expect(checkScripts(checks)).rejects.toThrow(/should be/);
    },
    TIMEOUT_MS,
  );
});
