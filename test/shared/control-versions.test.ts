import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createDecided } from '../../services/shared/control/decided.ts';
import { createDecidedVersions } from '../../services/shared/control/decided-versions.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { encodeControlRecord, parseControlRecord } from '../../services/shared/control/record.ts';
import type { ActiveVersion } from '../../services/shared/control/version-record.ts';
import { waitFor } from '../support/wait.ts';
import { closeAll, openArchive, openControl, openLog, verdict } from './control-house.ts';

afterEach(closeAll);

const active = (version: number, follows: number, fields: Partial<ActiveVersion> = {}): ActiveVersion => ({
  kind: 'active-version',
  module: 'm',
  version,
  follows,
  person: false,
  auto: true,
  because: 'it is complete',
  ...fields,
});

describe('the active version of a module', () => {
  test('is nobody’s before it is decided, and then known to every process that follows', async () => {
    const log = await openLog();
    const { control: writer } = openControl(log);
    const { control: reader } = openControl(log);
    expect(writer.activeVersion('m')).toBeNull();
    await writer.publish(active(1, 0));
    await writer.publish(active(2, 1));
    await reader.caughtUp();
    const stands = {
      module: 'm',
      version: 2,
      previous: 1,
      decisions: 2,
      auto: true,
      because: 'it is complete',
    };
    expect(reader.activeVersion('m')).toEqual(stands);
    expect(reader.activeVersion('another')).toBeNull();
  });

  test('is the one that the first of several decided who knew the same', async () => {
    const log = await openLog();
    const { control: one } = openControl(log);
    const { control: other } = openControl(log);
    await Promise.all([one.publish(active(1, 0)), other.publish(active(2, 0))]);
    await Promise.all([one.caughtUp(), other.caughtUp()]);
    expect(one.activeVersion('m')?.decisions).toBe(1);
    expect(one.activeVersion('m')).toEqual(other.activeVersion('m'));
  });

  test('is what a person went back to, until a person decides again', () => {
    const decided = createDecided();
    decided.take(active(1, 0));
    decided.take(active(2, 1));
    decided.take(active(1, 2, { person: true, auto: false }));
    decided.take(active(2, 3));
    expect(decided.activeVersion('m')).toMatchObject({ version: 1, previous: 2, auto: false });
    decided.take(active(2, 3, { person: true }));
    decided.take(active(3, 4));
    expect(decided.activeVersion('m')).toMatchObject({ version: 3, previous: 2, auto: true });
  });

  test('is never lowered by a worker', () => {
    const decided = createDecided();
    decided.take(active(2, 0));
    decided.take(active(1, 1));
    decided.take(active(2, 1));
    expect(decided.activeVersion('m')).toMatchObject({ version: 2, previous: null, decisions: 1 });
  });

  test('and the units of all versions are in snapshots, and whoever watches hears of the version', async () => {
    const log = await openLog();
    const archive = openArchive();
    const { control: writer } = openControl(log, { archive, snapshotEvery: 3 });
    await writer.publish(active(1, 0));
    await writer.publish(active(2, 1));
    const unit = { module: 'm.v1', topic: 't', partition: 0 };
    await writer.publish({ kind: 'unit-claimed', ...unit, token: 'p/1' });
    const count = async (): Promise<number> => {
      let objects = 0;
      for await (const page of archive.list({ prefix: 'control/' })) objects += page.length;
      return objects;
    };
    await waitFor(async () => (await count()) === 1, { message: 'a snapshot is made', timeoutMs: 20_000 });
    const { control: reader } = openControl(log, { archive });
    const told: ControlRecord[] = [];
    reader.watch((record) => told.push(record));
    await reader.caughtUp();
    expect(told).toEqual([active(2, 1, { person: true })]);
    expect(reader.activeVersion('m')).toEqual(writer.activeVersion('m'));
    expect(reader.claimedUnits('m')).toEqual([unit]);
    expect(reader.claimedUnits('other')).toEqual([]);
  });
});

test('claimed units are those of a module’s versions, without what was only asked about', () => {
  const decided = createDecided();
  const units = ['m.v1', 'm.v12', 'mm.v1'].map((module) => ({ module, topic: 't', partition: 0 }));
  for (const unit of units) decided.take({ kind: 'unit-claimed', ...unit, token: 'p/1' });
  decided.take(verdict(1));
  decided.leftOut({ module: 'm.v3', topic: 't', partition: 0 });
  expect(decided.claimedUnits('m')).toEqual(units.slice(0, 2));
});

test.each<[string, ActiveVersion]>([
  ['version', active(0, 0)],
  ['version', active(1.5, 0)],
  ['follows', active(1, -1)],
  ['module', active(1, 0, { module: '' })],
])('a decision with a wrong %s is not written', (field, record) => {
  expect(() => encodeControlRecord(record)).toThrow(field);
});

test('a decision’s reason is cut, as it is kept in memory', () => {
  const parsed = parseControlRecord(encodeControlRecord(active(1, 0, { because: 'x'.repeat(2_000) })));
  expect(parsed).toMatchObject({ outcome: 'taken', record: { because: 'x'.repeat(500) } });
});

test('whatever is decided in whatever order, workers only raise it, and not while a person’s word stands', () => {
  const record = fc.record({
    version: fc.integer({ min: 1, max: 4 }),
    behind: fc.integer({ min: 0, max: 2 }),
    person: fc.boolean(),
    auto: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 30 }), (steps) => {
      const versions = createDecidedVersions();
      for (const { behind, ...step } of steps) {
        const before = versions.standing.get('m');
        versions.take(active(1, Math.max(0, (before?.decisions ?? 0) - behind), step));
        const after = versions.standing.get('m');
        if (after === before) continue;
        expect(after!.decisions).toBe((before?.decisions ?? 0) + 1);
        if (step.person || before === undefined) continue;
        expect(before.auto).toBe(true);
        expect(after!.version).toBeGreaterThan(before.version);
        expect(after!.previous).toBe(before.version);
      }
    }),
  );
});
