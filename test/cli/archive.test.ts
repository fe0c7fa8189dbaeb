import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { createArchiveCommand } from '../../services/cli/archive.ts';
import type { VerifyReport } from '../../services/cli/archive-verify.ts';
import { createRunOnArchive } from '../../services/cli/open-archive.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import { type MadeArchive, makeArchive, putObjects } from '../support/made-archive.ts';

const SOURCE = 'essay';
let printed: string[] = [];

beforeEach(() => {
  printed = [];
  jest.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)));
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed.push(String(text).trimEnd());
    return true;
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
});

/** The exit code; what it printed is in `printed`. */
async function lectern({ dir }: MadeArchive, ...words: string[]): Promise<number> {
  const program = new Command().addCommand(createArchiveCommand(createRunOnArchive({})));
  for (const command of program.commands.flatMap((one) => [one, ...one.commands]))
    command.exitOverride().configureOutput({ writeErr: (text) => void printed.push(text.trimEnd()) });
  try {
    await program.parseAsync(['archive', ...words, '--dir', dir], { from: 'user' });
  } catch (error) {
    return (error as { exitCode: number }).exitCode;
  }
  return Number(process.exitCode ?? 0);
}

async function verify(made: MadeArchive, ...words: string[]): Promise<VerifyReport & { code: number }> {
  const code = await lectern(made, 'verify', '--json', ...words);
  return { ...(JSON.parse(printed.join('\n')) as VerifyReport), code };
}

const kindsOf = ({ faults }: VerifyReport): string[] => faults.map(({ kind }) => kind);

describe('lectern archive verify', () => {
  test('says of a whole archive what it holds', async () => {
    const made = makeArchive();
    await putObjects(made, { source: SOURCE, sizes: [3, 4, 5] });
    await putObjects(made, { source: SOURCE, partition: 1, sizes: [2] });
    await putObjects(made, { source: 'other', sizes: [1] });
    for (const deep of [[], ['--deep']]) {
      printed = [];
      const report = await verify(made, ...deep);
      expect(report).toMatchObject({ code: 0, whole: true, objects: 5, records: 15, faults: [] });
      expect(report.partitions).toContainEqual({
        source: SOURCE,
        topic: `lectern.events.${SOURCE}`,
        partition: 0,
        objects: 3,
        records: 12,
        first: 0,
        last: 11,
      });
    }
  });

  test('looks at one source, and at days, without calling a gap what it was not to look at', async () => {
    const made = makeArchive();
    await putObjects(made, { source: SOURCE, sizes: [3, 4, 5] });
    await putObjects(made, { source: 'other', sizes: [1], first: 7 });
    const some = await verify(made, '--source', SOURCE, '--from', '2026-09-02', '--to', '2026-09-02');
    expect(some).toMatchObject({ code: 0, objects: 1, records: 4 });
    printed = [];
    expect(await verify(made, '--source', 'other')).toMatchObject({ code: 1, faults: [{ kind: 'gap' }] });
    printed = [];
    expect(await lectern(made, 'verify', '--from', '2026-09-31')).not.toBe(0);
    expect(printed.join()).toContain('must be a day as 2026-09-30');
  });

  test.each(['first', 'middle'] as const)('finds the %s object removed', async (which) => {
    const made = makeArchive();
    const [first, middle, last] = await putObjects(made, { source: SOURCE, sizes: [3, 4, 5] });
    await made.archive.delete((which === 'first' ? first : middle)!.name);
    const report = await verify(made);
    expect(report).toMatchObject({ code: 1, whole: false });
    const following = which === 'first' ? middle! : last!;
    expect(report.faults).toEqual([
      {
        kind: 'gap',
        name: following.name,
        detail: expect.stringMatching(which === 'first' ? /offsets 0 to 2:/ : /offsets 3 to 6:/),
      },
    ]);
  });

  test('finds an object that was put a second time under another date, or under a name of its own', async () => {
    const made = makeArchive();
    const [, middle] = await putObjects(made, { source: SOURCE, sizes: [3, 4, 5] });
    const { bytes, range } = middle!;
    const twice = middle!.name.replace('2026-09-02', '2026-09-09');
    await made.archive.putIfAbsent(twice, bytes, toMetadata(range));
    await made.archive.putIfAbsent(`${middle!.name}.copy`, bytes, toMetadata(range));
    expect(kindsOf(await verify(made))).toEqual(['foreign', 'overlap']);
    printed = [];
    const deep = await verify(made, '--deep');
    expect(deep.faults.find(({ kind }) => kind === 'misplaced')).toEqual({
      kind: 'misplaced',
      name: twice,
      detail: 'its first record is of 2026-09-02: put it back under that date',
    });
  });

  test('finds changed bytes when it reads them, and lost metadata always', async () => {
    const made = makeArchive();
    const [first, middle] = await putObjects(made, { source: SOURCE, sizes: [3, 4, 5] });
    const bytes = Buffer.from(middle!.bytes);
    bytes[bytes.length - 20]! ^= 1;
    await made.archive.delete(middle!.name);
    await made.archive.putIfAbsent(middle!.name, bytes, toMetadata(middle!.range));
    expect(kindsOf(await verify(made))).toEqual([]);
    printed = [];
    const deep = await verify(made, '--deep');
    expect(deep.faults).toMatchObject([{ kind: 'broken', name: middle!.name }]);
    await made.archive.delete(first!.name);
    await made.archive.putIfAbsent(first!.name, first!.bytes, {});
    printed = [];
    expect((await verify(made)).faults).toMatchObject([{ kind: 'broken', name: first!.name }]);
  });

  test('finds an object under the name of another offset', async () => {
    const made = makeArchive();
    const [, , last] = await putObjects(made, { source: SOURCE, sizes: [3, 4, 5] });
    await made.archive.delete(last!.name);
    const name = last!.name.replace(/\d{20}/, '8'.padStart(20, '0'));
    await made.archive.putIfAbsent(name, last!.bytes, toMetadata(last!.range));
    expect(kindsOf(await verify(made))).toEqual(['misplaced', 'gap']);
    printed = [];
    expect(kindsOf(await verify(made, '--deep'))).toEqual(['broken', 'gap']);
  });

  test('tells people what is wrong, and where nothing is', async () => {
    const made = makeArchive();
    const [first] = await putObjects(made, { source: SOURCE, sizes: [3, 4] });
    jest.spyOn(console, 'table').mockImplementation(() => undefined);
    expect(await lectern(made, 'verify')).toBe(0);
    expect(printed.at(-1)).toBe('2 objects, 7 records: whole');
    await made.archive.delete(first!.name);
    expect(await lectern(made, 'verify')).toBe(1);
    expect(printed.at(-1)).toBe('1 objects, 4 records: NOT whole: 1 fault');
    expect(await lectern({ ...made, dir: `${made.dir}/none` }, 'verify')).toBe(78);
    expect(printed.at(-1)).toMatch(/--dir: there is no .*none; name the folder that has events\//);
  });
});

test('lectern archive ls names the objects in the order of their offsets; cat prints their records', async () => {
  const made = makeArchive();
  const objects = await putObjects(made, { source: SOURCE, sizes: [2, 1] });
  expect(await lectern(made, 'ls')).toBe(0);
  expect(printed).toEqual(objects.map(({ name }) => name));
  printed = [];
  await lectern(made, 'ls', '--json', '--from', '2026-09-02');
  expect(JSON.parse(printed[0]!)).toMatchObject({ name: objects[1]!.name, first: 2, partition: 0 });
  printed = [];
  expect(await lectern(made, 'cat', objects[0]!.name)).toBe(0);
  expect(printed).toHaveLength(2);
  expect(printed[1]).toContain('"n":1,"big":12345678901234567890}');
  expect(JSON.parse(printed[1]!)).toMatchObject({
    topic: `lectern.events.${SOURCE}`,
    offset: 1,
    timestamp: '2026-09-01T12:00:00.000Z',
    key: 'tc-s1',
    id: 'e1',
    receivedAt: '2026-09-01T12:00:00.000007Z',
    client: { event: 'x', n: 1 },
    metadata: { auth: { user_id: 's' } },
  });
  expect(await lectern(made, 'cat', 'events/none.avro')).toBe(1);
  expect(printed.at(-1)).toMatch(/there is no archive object events\/none.avro/);
});
