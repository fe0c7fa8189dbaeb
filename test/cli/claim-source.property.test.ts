import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { claimSource } from '../../services/cli/claim-source.ts';
import { type ClaimWorld, createClaimWorld, type Ending, LATE } from './claim-world.ts';

const OPTIONS = { quietMs: 0, waitMs: 0, batch: 1 };

const ending: fc.Arbitrary<Ending> = fc.record({
  step: fc.nat({ max: 60 }),
  fate: fc.constantFrom('lost' as const, 'arrived' as const, 'late' as const),
});
const happening = fc.oneof(
  fc.record({
    what: fc.constant('append' as const),
    student: fc.constantFrom('a', 'b', 'c'),
    source: fc.constantFrom(LATE, LATE, 'another'),
    count: fc.integer({ min: 1, max: 20 }),
    knows: fc.boolean(),
  }),
  fc.record({
    what: fc.constant('claims' as const),
    endings: fc.array(ending, { minLength: 1, maxLength: 2 }),
  }),
  fc.record({ what: fc.constant('arrive' as const) }),
);

const claim = (world: ClaimWorld, given?: Ending): Promise<unknown> =>
  claimSource(world.house(given), LATE, OPTIONS);

/** Every event of the source once, and of each student those that waited in their order. */
function check(world: ClaimWorld): void {
  const counted = world.counted();
  for (const [student, count] of world.appended) {
    const numbers = [...(counted.get(student) ?? [])].sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: count }, (_, n) => n));
  }
}

test('every event counts once, whatever claims were ended at whichever step, and however many ran at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 14 }), async (happenings) => {
      const world = createClaimWorld();
      world.append('a', LATE, 1, false);
      for (const one of happenings) {
        if (one.what === 'append') world.append(one.student, one.source, one.count, one.knows);
        else if (one.what === 'arrive') world.arrive();
        else await Promise.allSettled(one.endings.map((given) => claim(world, given)));
      }
      await claim(world);
      world.arrive();
      check(world);
      expect(world.isSwitched).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test('what waits keeps its order, and comes before what gateways send once they are told', async () => {
  const world = createClaimWorld();
  for (const student of ['a', 'b', 'a', 'c', 'b']) world.append(student, LATE, 7, true);
  await claim(world);
  for (const student of ['c', 'a']) world.append(student, LATE, 4, true);
  await claim(world);
  for (const [student, count] of world.appended)
    expect(world.counted().get(student)).toEqual(Array.from({ length: count }, (_, n) => n));
});

test('a claim goes on where the last one was: what is copied is not copied again', async () => {
  const world = createClaimWorld();
  world.append('a', LATE, 9, false);
  world.append('b', 'another', 5, false);
  await claim(world);
  expect(world.records).toBe(9);
  world.append('a', LATE, 2, false);
  await expect(claim(world)).resolves.toMatchObject({ copied: 2, copiedLate: 0, stillComing: false });
  await expect(claim(world)).resolves.toMatchObject({ copied: 0 });
  expect(world.records).toBe(11);
});
