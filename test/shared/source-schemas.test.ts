import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { createSchemasCommand } from '../../services/cli/schemas.ts';
import {
  checkSourceSchemas,
  loadSourceTypes,
  typedSourceNames,
} from '../../services/shared/source-schemas.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const record = (...fields: object[]) => JSON.stringify({ type: 'record', name: 'C', fields });
const A = { name: 'a', type: 'string' };
const B = { name: 'b', type: ['null', 'int'], default: null };
const C = { name: 'c', type: 'int' };

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lectern-schemas-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const urlOf = (folder: string) => pathToFileURL(`${folder}/`);
const check = (files: Readonly<Record<string, string>>) => checkSourceSchemas(urlOf(folderWith(files)));

describe('the schemas of typed sources', () => {
  test('that are committed read every version before them', () => {
    const checks = checkSourceSchemas();
    expect(checks.map(({ source }) => source)).toContain('org.lectern.example.quiz');
    expect(checks.flatMap(({ problems }) => problems)).toEqual([]);
    expect(Math.max(...checks.map(({ versions }) => versions))).toBeGreaterThan(1);
  });

  test('are in order when each version adds fields with a default', () => {
    const files = { 'x.avsc': record(A, B), 'x/1.avsc': record(A), 'x/2.avsc': record(A, B) };
    expect(check(files)).toEqual([{ source: 'x', versions: 2, problems: [] }]);
    expect(check({})).toEqual([]);
  });

  test.each([
    [
      'a field without a default was added',
      { 'x.avsc': record(A, C), 'x/1.avsc': record(A), 'x/2.avsc': record(A, C) },
      /^x\/2\.avsc: cannot read version 1: .*\bC\.c\b.*; only add fields with a default$/,
    ],
    [
      'a version reads the one before, but not an older one',
      {
        'x.avsc': record({ ...C, default: 1 }),
        'x/1.avsc': record({ ...C, type: 'string' }),
        'x/2.avsc': record(),
        'x/3.avsc': record({ ...C, default: 1 }),
      },
      /^x\/3\.avsc: cannot read version 1: /,
    ],
    [
      'the one that counts was changed, and the old one not kept',
      { 'x.avsc': record(A, B), 'x/1.avsc': record(A) },
      /^x\.avsc: is not its last version; change it back, or keep it as x\/2\.avsc too$/,
    ],
    ['nothing was kept', { 'x.avsc': record(A) }, /^x\.avsc: is not its last version; .*x\/1\.avsc too$/],
    [
      'a version was removed',
      { 'x.avsc': record(A), 'x/2.avsc': record(A) },
      /^x\/1\.avsc: is missing; a version is never removed$/,
    ],
    ['a version is no schema', { 'x.avsc': '"int"', 'x/1.avsc': '"int"' }, /^x\/1\.avsc: must be a record/],
  ])('are not when %s', (_name, files, problem) => {
    const [found] = check(files as Record<string, string>);
    expect(found?.problems).toEqual([expect.stringMatching(problem)]);
  });

  test('are loaded by source, and refused all at once', () => {
    const good = folderWith({ 'x.y.avsc': record(A), 'x.y/1.avsc': record(A) });
    expect([...loadSourceTypes(urlOf(good)).keys()]).toEqual(['x.y']);
    expect(typedSourceNames(urlOf(good))).toEqual(['x.y']);
    const bad = folderWith({ 'x.avsc': '{', 'y.avsc': '"int"', 'z.avsc': record(A) });
    expect(() => loadSourceTypes(urlOf(bad))).toThrow(
      /schemas\/sources\/x\.avsc: is no Avro schema.*\n.*schemas\/sources\/y\.avsc: must be a record/,
    );
  });
});

describe('lectern schemas check', () => {
  async function lectern(...words: string[]): Promise<{ printed: string; error?: string }> {
    const printed: string[] = [];
    const log = jest.spyOn(console, 'log').mockImplementation((text) => void printed.push(String(text)));
    const table = jest
      .spyOn(console, 'table')
      .mockImplementation((rows) => void printed.push(JSON.stringify(rows)));
    const program = new Command('lectern').addCommand(createSchemasCommand());
    const written: string[] = [];
    const every = (command: Command): void => {
      command.exitOverride().configureOutput({ writeErr: (text) => written.push(text) });
      command.commands.forEach(every);
    };
    every(program);
    const failed = await program.parseAsync(['schemas', 'check', ...words], { from: 'user' }).then(
      () => false,
      () => true,
    );
    log.mockRestore();
    table.mockRestore();
    return { printed: printed.join('\n'), ...(failed ? { error: written.join('') } : {}) };
  }

  test('lists what is in order', async () => {
    expect(await lectern()).toEqual({
      printed: '[{"source":"org.lectern.example.quiz","versions":2,"problems":"none"}]',
    });
    expect(await lectern('--dir', folderWith({}))).toEqual({ printed: 'no source has a schema' });
  });

  test('fails with every problem that there is', async () => {
    const folder = folderWith({ 'x.avsc': record(A), 'y.avsc': record(A), 'y/1.avsc': record(A) });
    const { printed, error } = await lectern('--json', '--dir', folder);
    expect(JSON.parse(printed)).toEqual([
      { source: 'x', versions: 0, problems: [expect.any(String)] },
      { source: 'y', versions: 1, problems: [] },
    ]);
    expect(error).toMatch(/^x\.avsc: is not its last version/);
  });
});
