import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SourceClaim } from '../../services/shared/control/claim-record.ts';
import { createDecidedClaims } from '../../services/shared/control/decided-claims.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { encodeControlRecord, parseControlRecord } from '../../services/shared/control/record.ts';
import { waitFor } from '../support/wait.ts';
import { closeAll, openArchive, openControl, openLog } from './control-house.ts';

afterEach(closeAll);

const claim = (fields: Partial<SourceClaim> = {}): SourceClaim => ({
  kind: 'source-claim',
  source: 'org.late',
  copied: [0, 0],
  switched: false,
  ...fields,
});

test('a claim is known to every process that follows, and told to whoever watches', async () => {
  const log = await openLog();
  const { control: writer } = openControl(log);
  const { control: reader } = openControl(log);
  const told: ControlRecord[] = [];
  reader.watch((record) => told.push(record));
  await writer.publish(claim());
  await writer.publish(claim({ copied: [5, 3], switched: true }));
  await reader.caughtUp();
  expect([...reader.claims]).toEqual([['org.late', claim({ copied: [5, 3], switched: true })]]);
  expect(told).toHaveLength(2);
});

test('a process that starts from a snapshot knows the claims, and tells them', async () => {
  const log = await openLog();
  const archive = openArchive();
  const { control: writer } = openControl(log, { archive, snapshotEvery: 2 });
  await writer.publish(claim({ copied: [4, 2] }));
  await writer.publish(claim({ switched: true }));
  const made = async (): Promise<boolean> => {
    for await (const page of archive.list({ prefix: 'control/' })) if (page.length > 0) return true;
    return false;
  };
  await waitFor(made, { message: 'a snapshot is made', timeoutMs: 20_000 });
  const { control: reader } = openControl(log, { archive });
  const told: ControlRecord[] = [];
  reader.watch((record) => told.push(record));
  await reader.caughtUp();
  expect(told).toEqual([claim({ copied: [4, 2], switched: true })]);
  expect(reader.claims.get('org.late')).toEqual(told[0]);
});

test('what was copied stays copied and who switched stays switched, in whatever order it is told', () => {
  const said = fc.array(
    fc
      .record({ copied: fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }), switched: fc.boolean() })
      .map(claim),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(said, (records) => {
      const decided = createDecidedClaims();
      const other = createDecidedClaims();
      records.forEach(decided.take);
      [...records].reverse().forEach(other.take);
      const { copied, switched } = decided.claims.get('org.late')!;
      expect(switched).toBe(records.some((record) => record.switched));
      const highest = (partition: number): number =>
        Math.max(...records.map((record) => record.copied[partition] ?? 0));
      expect(copied).toEqual(copied.map((_, partition) => highest(partition)));
      expect(other.claims.get('org.late')).toEqual(decided.claims.get('org.late'));
    }),
  );
});

test('claims that are too many are refused with what to do; those that stand go on', () => {
  const decided = createDecidedClaims(1);
  decided.take(claim());
  expect(decided.refusal(claim({ switched: true }))).toBeNull();
  expect(decided.refusal(claim({ source: 'another' }))).toMatch(/1 sources are claimed.*LECTERN_SOURCES/);
});

test.each<[string, SourceClaim]>([
  ['source', claim({ source: '_unclaimed' })],
  ['source', claim({ source: 'two words' })],
  ['copied', claim({ copied: [] })],
  ['copied', claim({ copied: [-1] })],
])('a claim with a wrong %s is not written, and broken where it is read', (field, record) => {
  expect(() => encodeControlRecord(record)).toThrow(field);
  expect(parseControlRecord(Buffer.from(JSON.stringify(record)))).toMatchObject({ outcome: 'broken' });
});
