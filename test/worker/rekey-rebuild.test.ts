import { describe, expect, test } from '@jest/globals';
import { scriptOfLostStores } from '../support/world/lost-stores.ts';
import { runScript } from '../support/world/run.ts';
import type { WorldOptions } from '../support/world/world.ts';

const SEEDS = [1, 2, 3];

async function duplicatesOf(options: Omit<WorldOptions, 'script' | 'logger'> = {}): Promise<number[]> {
  const duplicates: number[] = [];
  for (const seed of SEEDS) duplicates.push((await runScript(scriptOfLostStores(seed), options)).duplicates);
  return duplicates;
}

describe('a store that was lost', () => {
  test('makes the rekey topic no longer: what is there is not published again', async () => {
    expect(await duplicatesOf()).toEqual(SEEDS.map(() => 0));
  });

  test('would make it longer if source units did not wait for the rekey units', async () => {
    const duplicates = await duplicatesOf({
      spoil: ({ state, ...deps }) => ({
        ...deps,
        state: {
          ...state,
          async position(unit) {
            const position = await state.position(unit);
            return position && { ...position, next: Number.MAX_SAFE_INTEGER };
          },
        },
      }),
    });
    for (const count of duplicates) expect(count).toBeGreaterThan(20);
  });
});
