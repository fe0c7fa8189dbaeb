import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import type { Takeover } from '../../services/worker/takeover.ts';
import { createVersionHouse, SOURCE, type VersionHouse, versionOfM } from '../support/version-house.ts';

const VERSIONS = [1, 2, 3].map((version) => versionOfM({ version }));
const PARTITIONS = [0, 1];

type Step =
  | { readonly kind: 'reduce'; readonly version: number; readonly partition: number; readonly by: number }
  | { readonly kind: 'look' | 'follow' | 'crash' | 'publish'; readonly worker: number }
  | { readonly kind: 'person'; readonly version: number; readonly auto: boolean }
  | { readonly kind: 'lose'; readonly version: number };

const worker = fc.integer({ min: 0, max: 3 });
const version = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reduce' as const),
      version,
      partition: fc.integer({ min: 0, max: 1 }),
      by: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('look', 'follow', 'crash', 'publish'), worker }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('person' as const),
      version: fc.integer({ min: 1, max: 3 }),
      auto: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), version }) },
);

/** A worker of one version, which knows the topic as far as it has followed it, and whose decisions may be held up. */
function startWorker(house: VersionHouse, index: number) {
  const module = VERSIONS[index % VERSIONS.length]!;
  const control = house.topic.open();
  const held: (() => void)[] = [];
  const takeover: Takeover = house.takeover(module, {
    ...control,
    publish: (record: ControlRecord) =>
      new Promise((resolve) =>
        held.push(() => {
          house.topic.append(record);
          control.follow();
          resolve();
        }),
      ),
  });
  let isLooking = false;
  return {
    control,
    held,
    look(): void {
      if (isLooking) return;
      isLooking = true;
      void takeover.look().finally(() => {
        isLooking = false;
      });
    },
  };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
};

test('in whatever order workers look, decide, crash and are held up, and people decide', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const house = createVersionHouse();
      const claimAnew = async (at: number): Promise<void> => {
        for (const partition of PARTITIONS) await house.claim(VERSIONS[at]!, partition, 20);
      };
      for (const at of [0, 1, 2]) await claimAnew(at);
      const workers = [0, 1, 2, 3].map((index) => startWorker(house, index));
      const isWhole = async (at: number): Promise<boolean> => {
        const module = VERSIONS[at]!.id;
        const nexts = await Promise.all(
          PARTITIONS.map(async (partition) => {
            const found = await house.memory.store.position({ module, topic: SOURCE, partition });
            return found?.next ?? 0;
          }),
        );
        return nexts.every((next) => next >= 20);
      };
      /** Whether each was whole when some worker decided for it last. */
      const everWhole = [false, false, false];
      const seen = house.topic.open(true);

      for (const one of steps) {
        house.clock += 500;
        const before = seen.activeVersion('m');
        if (one.kind === 'reduce') {
          const module = VERSIONS[one.version]!;
          const at = { module: module.id, topic: SOURCE, partition: one.partition };
          const next = (await house.memory.store.position(at))?.next ?? 0;
          await house.store(module, one.partition, next + one.by);
        } else if (one.kind === 'person') house.decide(one.version, { auto: one.auto });
        else if (one.kind === 'lose') {
          for (const partition of PARTITIONS)
            await house.memory.store.remove({
              module: VERSIONS[one.version]!.id,
              topic: SOURCE,
              partition,
            });
          await claimAnew(one.version);
        } else if (one.kind === 'crash') workers[one.worker] = startWorker(house, one.worker);
        else if (one.kind === 'follow') workers[one.worker]!.control.follow();
        else if (one.kind === 'look') workers[one.worker]!.look();
        else workers[one.worker]!.held.shift()?.();
        for (const at of [0, 1, 2]) everWhole[at] ||= await isWhole(at);
        await turns();
        const after = seen.activeVersion('m');
        if (after === before || one.kind === 'person' || after === null) continue;
        // A worker decided: upwards, with nobody's word against it, for what was whole.
        if (before !== null) {
          expect(before.auto).toBe(true);
          expect(after.version).toBeGreaterThan(before.version);
          expect(everWhole[after.version - 1]).toBe(true);
        }
      }

      // All that lived know the same in the end; and once all is whole, the highest is shown.
      house.decide(1);
      for (const at of [0, 1, 2])
        for (const partition of PARTITIONS) {
          const unit = { module: VERSIONS[at]!.id, topic: SOURCE, partition };
          const next = (await house.memory.store.position(unit))?.next ?? 0;
          await house.store(VERSIONS[at]!, partition, Math.max(next, 2_000));
        }
      for (const [index] of workers.entries()) workers[index] = startWorker(house, index);
      for (let round = 0; round < 3; round++)
        for (const one of workers) {
          one.control.follow();
          one.look();
          await turns();
          one.held.shift()?.();
          await turns();
        }
      for (const { control } of workers) {
        control.follow();
        expect(control.activeVersion('m')).toEqual(seen.activeVersion('m'));
      }
      expect(seen.activeVersion('m')?.version).toBe(3);
    }),
    { numRuns: 150 },
  );
}, 30_000);
