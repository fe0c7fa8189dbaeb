import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { loadModules, sourcesOf } from '../../services/shared/modules.ts';
import { folderWith, GOOD_ENTRY, moduleWith } from '../support/module-folder.ts';

const ours = new URL('../../reducers/', import.meta.url);

async function load(folder: string, extra: readonly string[] = []) {
  return await loadModules({ reducersDir: join(folder, 'reducers'), extra, cwd: folder });
}

describe('loading modules', () => {
  test("finds the product's own", async () => {
    const { modules } = await loadModules({ reducersDir: ours, extra: [], cwd: tmpdir() });
    expect(modules.find((module) => module.name === 'student_events')).toMatchObject({
      version: 1,
      id: 'student_events.v1',
      contexts: ['org.mitros.writing_analytics'],
      reducers: [
        {
          id: 'student_events.student_event_counter',
          name: 'student_event_counter',
          contexts: ['org.mitros.writing_analytics'],
          scope: ['STUDENT'],
          nullState: { count: 0 },
          default: { count: 0 },
        },
      ],
    });
  });

  test.each([
    { from: 'a relative folder', name: './plugins/extra', file: 'plugins/extra/module.js' },
    {
      from: 'a relative folder without a leading dot',
      name: 'plugins/extra',
      file: 'plugins/extra/module.js',
    },
    { from: 'a relative file', name: './plugins/reducers.js', file: 'plugins/reducers.js' },
    { from: 'a TypeScript folder', name: './plugins/extra', file: 'plugins/extra/module.ts' },
    {
      from: 'a package by its main',
      name: 'extra',
      file: 'node_modules/extra/lib/main.js',
      main: { main: './lib/main.js' },
    },
    { from: 'a package by its index', name: 'extra', file: 'node_modules/extra/index.js', main: {} },
    {
      from: 'a scoped package by its exports',
      name: '@school/extra',
      file: 'node_modules/@school/extra/esm.js',
      main: {
        main: './no.cjs',
        exports: { '.': { types: './no.d.ts', require: './no.cjs', import: { default: './esm.js' } } },
      },
    },
  ])('takes $from', async ({ name, file, main }) => {
    const manifest =
      main === undefined
        ? {}
        : { [`node_modules/${name}/package.json`]: JSON.stringify({ name, type: 'module', ...main }) };
    const folder = folderWith({
      'reducers/own/module.ts': moduleWith(GOOD_ENTRY, 'own'),
      'reducers/README.md': 'not a module',
      'reducers/notes/README.md': 'not a module either',
      [file]: moduleWith(GOOD_ENTRY, 'extra'),
      ...manifest,
    });
    const { modules } = await load(folder, [name]);
    expect(modules.map((module) => module.id)).toEqual(['own.v1', 'extra.v1']);
  });

  test('takes an absolute path, and a module that is named twice once', async () => {
    const folder = folderWith({ 'reducers/own/module.js': moduleWith(GOOD_ENTRY) });
    const { modules } = await load(folder, [join(folder, 'reducers/own'), './reducers/own/module.js']);
    expect(modules).toHaveLength(1);
  });

  test('takes two versions of one module, of two packages', async () => {
    const newer = moduleWith(GOOD_ENTRY, 'own').replace('VERSION = 1', 'VERSION = 2');
    const folder = folderWith({
      'reducers/own/module.js': moduleWith(GOOD_ENTRY, 'own'),
      'node_modules/own-next/package.json': '{"type":"module","main":"m.js"}',
      'node_modules/own-next/m.js': newer,
    });
    const { modules } = await load(folder, ['own-next']);
    expect(modules.map((module) => module.id)).toEqual(['own.v1', 'own.v2']);
    expect(new Set(modules.flatMap(({ reducers }) => reducers.map(({ id }) => id))).size).toBe(1);
  });

  test("an entry's default is null when it has none, and its scope is the function's", async () => {
    const entry = `{ context: ['org.example'], function: reducer({ nullState: null, name: 'perDoc', scope: Scope([eventField('object.id'), KeyField.STUDENT]) }, () => 1) }`;
    const { modules } = await load(folderWith({ 'reducers/own/module.ts': moduleWith(entry) }));
    expect(modules[0]!.reducers[0]).toMatchObject({
      id: 'sample.per_doc',
      default: null,
      nullState: null,
      scope: [{ path: 'object.id' }, 'STUDENT'],
    });
  });
});

describe('the hash of a module', () => {
  const two = (first: string, second: string): string => moduleWith(`${first}, ${second}`);
  const other =
    "{ context: 'org.example', function: reducer({ nullState: { b: 1, a: [] }, name: 'other', scope: Scope([eventField('doc'), KeyField.STUDENT]) }, () => 1) }";
  const hashOf = async (text: string): Promise<string> =>
    (await load(folderWith({ 'reducers/own/module.ts': text }))).modules[0]!.hash;

  test.each([
    ['the order of reducers', two(other, GOOD_ENTRY)],
    ['the order of names in a null state', two(GOOD_ENTRY, other.replace('b: 1, a: []', 'a: [], b: 1'))],
    [
      'the order of scope fields',
      two(
        GOOD_ENTRY,
        other.replace("eventField('doc'), KeyField.STUDENT", "KeyField.STUDENT, eventField('doc')"),
      ),
    ],
    ['a default', two(GOOD_ENTRY.replace('{ count: 0 }', '{ count: 9 }'), other)],
    ['the version', two(GOOD_ENTRY, other).replace('VERSION = 1', 'VERSION = 2')],
  ])('does not depend on %s', async (_what, text) => {
    expect(await hashOf(text)).toBe(await hashOf(two(GOOD_ENTRY, other)));
  });

  test.each([
    ['a null state', two(GOOD_ENTRY, other.replace('b: 1', 'b: 2'))],
    ['a scope', two(GOOD_ENTRY, other.replace("eventField('doc')", "eventField('page')"))],
    ['a name', two(GOOD_ENTRY, other.replace("'other'", "'another'"))],
    ['the context', two(GOOD_ENTRY, other).replaceAll('org.example', 'org.elsewhere')],
    ['how many reducers there are', moduleWith(GOOD_ENTRY)],
  ])('changes with %s', async (_what, text) => {
    expect(await hashOf(text)).not.toBe(await hashOf(two(GOOD_ENTRY, other)));
  });
});

describe('known sources', () => {
  test('are those of modules, configuration and schemas, once each', async () => {
    const folder = folderWith({
      'reducers/own/module.ts': moduleWith(GOOD_ENTRY),
      'schemas/b.source.avsc': '{}',
      'schemas/README.md': '',
    });
    const { modules } = await load(folder);
    const schemas = pathToFileURL(`${folder}/schemas/`);
    expect(sourcesOf(modules, ['a', 'org.example', 'z'], schemas)).toEqual([
      'a',
      'b.source',
      'org.example',
      'z',
    ]);
  });

  test.each(['a b', '_unclaimed', '_control', '_x', ''])('refuse %j', (name) => {
    expect(() => sourcesOf([], ['good', name])).toThrow(new RegExp(`LECTERN_SOURCES.*found ${name}$`));
  });
});
