import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDecided, type Decided } from '../../services/shared/control/decided.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import {
  decodeSnapshot,
  encodeSnapshot,
  hashOf,
  SNAPSHOT_FORMAT,
  type Snapshot,
} from '../../services/shared/control/snapshot.ts';
import { apiKey, block, openArchive, snapshotsIn, TOPIC, unit, verdict } from './control-house.ts';

const UNITS = [unit, { ...unit, partition: 4 }, { ...unit, module: 'n.v2' }];
const NAMES = ['m', 'n'];
const TOKENS = ['a', 'b', 'c'];
const EVENTS = [0, 1, 2];
const LIMITS = { ofWorkers: 2, ofPersons: 3 };
const ACCESS_LIMITS = { apiKeys: 2, blocks: 2 };

const record: fc.Arbitrary<ControlRecord> = fc
  .oneof(
    fc.record({
      kind: fc.constant('unit-claimed' as const),
      at: fc.constantFrom(...UNITS),
      token: fc.constantFrom(...TOKENS),
    }),
    fc
      .record({
        at: fc.constantFrom(...UNITS),
        offset: fc.constantFrom(...EVENTS),
        reducer: fc.constantFrom('m.r', 'm.s'),
        reason: fc.constantFrom('one', 'two'),
        of: fc.oneof(
          fc.record({
            why: fc.constantFrom('budget' as const, 'killer' as const, 'state' as const),
            token: fc.constantFrom(...TOKENS),
          }),
          fc.record({ why: fc.constantFrom('requeue' as const, 'drop' as const) }),
        ),
      })
      .map(({ at, of, ...rest }) => verdict(rest.offset, { ...at, ...rest, ...of })),
    fc.record({
      kind: fc.constant('module-switch' as const),
      module: fc.constantFrom(...NAMES),
      paused: fc.boolean(),
      reason: fc.constantFrom('one', 'two'),
    }),
    fc
      .record({
        id: fc.constantFrom('000000000001', '000000000002', '000000000003'),
        created: fc.nat(5),
        expires: fc.option(fc.nat(5)),
        revoked: fc.option(fc.nat(5)),
        sources: fc.option(fc.constant(['a', 'b'])),
      })
      .map((given) => apiKey(given)),
    fc
      .record({ value: fc.constantFrom('a', 'b', 'c'), created: fc.nat(5), until: fc.option(fc.nat(5)) })
      .map((given) => block(given)),
    fc
      .constantFrom('a', 'b')
      .map((value) => ({ kind: 'unblock' as const, subject: 'source' as const, value })),
    fc.record({
      kind: fc.constant('source-claim' as const),
      source: fc.constantFrom('a', 'b'),
      copied: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
      switched: fc.boolean(),
    }),
  )
  .map((given) => {
    if (!('at' in given)) return given;
    const { at, ...rest } = given;
    return { ...at, ...rest };
  });

/** Everything that can be asked. */
const answers = (decided: Decided) => ({
  verdicts: decided.verdicts,
  leftOut: UNITS.map((at) => [...decided.leftOut(at)]),
  paused: NAMES.map((name) => decided.pausedBecause(name)),
  apiKeys: [...decided.apiKeys],
  blocks: [...decided.blocks],
  claims: [...decided.claims],
  accessRefusals: [apiKey({ id: 'ffffffffffff', created: 3 }), block({ value: 'another', created: 3 })].map(
    decided.refusal,
  ),
  refusals: UNITS.flatMap((at) =>
    EVENTS.flatMap((offset) =>
      (['budget', 'drop'] as const).map((why) => decided.refusal(verdict(offset, { ...at, why }))),
    ),
  ),
});

const create = () => createDecided(LIMITS, ACCESS_LIMITS);
const none = (reason: string): never => {
  throw new Error(reason);
};
const at = (position: number, decided: Decided = createDecided()): Snapshot => ({
  position,
  hash: hashOf({ value: null }),
  ...decided.copy(),
});

describe('a snapshot', () => {
  test('of any beginning, and the rest, decide what the whole decides', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 60 }), fc.nat(), async (records, cut) => {
        const [whole, before, after] = [create(), create(), create()];
        const middle = records.length === 0 ? 0 : cut % (records.length + 1);
        records.forEach(whole.take);
        records.slice(0, middle).forEach(before.take);
        const bytes = await encodeSnapshot(at(middle + 1, before));
        // What comes later changes nothing of what was copied.
        records.slice(middle).forEach(before.take);
        after.restore((await decodeSnapshot(bytes, none))!);
        records.slice(middle).forEach(after.take);
        expect(answers(after)).toEqual(answers(whole));
        expect(answers(before)).toEqual(answers(whole));
      }),
      { numRuns: 400 },
    );
  });

  test.each([
    ['bytes of something else', Buffer.from('{}')],
    ['no JSON', gzipSync('{')],
    ['another format', gzipSync(JSON.stringify({ format: 'other', position: 1 }))],
  ])('of %s is none, and it is said why', async (_, bytes) => {
    const told: string[] = [];
    expect(await decodeSnapshot(bytes, (reason) => told.push(reason))).toBeNull();
    expect(told).toHaveLength(1);
  });

  test('that lacks a unit is none', async () => {
    const decided = createDecided();
    decided.take(verdict(1));
    const bytes = await encodeSnapshot({ ...at(1, decided), units: [] });
    const longer = await encodeSnapshot(at(1, decided));
    expect(await decodeSnapshot(bytes, none)).toMatchObject({ units: [] });
    const told: string[] = [];
    const torn = gzipSync(gunzipSync(longer).toString().split('\n')[0]!);
    expect(await decodeSnapshot(torn, (reason) => told.push(reason))).toBeNull();
    expect(told).toEqual([expect.stringContaining('0 units of 1')]);
  });
});

describe('the snapshots of a topic', () => {
  test('are few, and the newest that can be read is given', async () => {
    const archive = openArchive();
    const { snapshots, warnings } = snapshotsIn(archive);
    expect(await snapshots.newest()).toBeNull();
    expect(await snapshots.newestPosition()).toBe(0);
    for (const position of [9, 10, 100, 20]) await snapshots.put(at(position));
    expect(await snapshots.newestPosition()).toBe(100);
    expect(await snapshots.newest()).toMatchObject({ position: 100 });
    const prefix = `control/${TOPIC}/${SNAPSHOT_FORMAT}/`;
    const names: string[] = [];
    for await (const page of archive.list({ prefix })) names.push(...page.map(({ name }) => name));
    expect(names.map((name) => Number(name.slice(prefix.length, -3)))).toEqual([10, 20, 100]);
    await archive.putIfAbsent(`${prefix}${'1'.padEnd(20, '0')}.gz`, Buffer.from('broken'), {});
    expect(await snapshots.newest()).toMatchObject({ position: 100 });
    expect(warnings).toHaveLength(1);
  });
});
