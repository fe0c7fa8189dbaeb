import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { LecternError } from '../../services/shared/errors.ts';
import { loadModules } from '../../services/shared/modules.ts';
import { folderWith, GOOD_ENTRY, moduleWith } from '../support/module-folder.ts';

async function problemsOf(folder: string, extra: readonly string[] = []): Promise<string> {
  const error: unknown = await loadModules({
    reducersDir: join(folder, 'reducers'),
    extra,
    cwd: folder,
  }).then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(LecternError);
  expect((error as LecternError).code).toBe('MODULE_INVALID');
  return (error as LecternError).message;
}

const entryOf = (change: string): string => `{ context: 'org.example', function: counter, ${change} }`;
const functionOf = (made: string): string => `{ context: 'org.example', function: ${made} }`;
const nullStateOf = (value: string): string =>
  functionOf(`studentEventReducer({ nullState: ${value}, name: 'x' }, () => 1)`);
const scopeOf = (scope: string): string =>
  functionOf(`reducer({ nullState: 0, name: 'x', scope: ${scope} }, () => 1)`);

describe('a module that is configured wrongly is refused', () => {
  test.each([
    [
      'an unknown field',
      entryOf('defualt: {}'),
      /REDUCERS\[0\]\.defualt: is an unknown field; an entry has context, scope, function, default/,
    ],
    ['no context', '{ function: counter }', /REDUCERS\[0\]\.context: must be the source/],
    ['an empty list of contexts', '{ context: [], function: counter }', /\.context: is an empty list/],
    ['a context with a space', "{ context: 'a b', function: counter }", /\.context: must be the source/],
    [
      'the context of unclaimed events',
      "{ context: '_unclaimed', function: counter }",
      /\.context: _unclaimed/,
    ],
    [
      "a context that is one of the archive's own folders",
      "{ context: '_control', function: counter }",
      /\.context: _control begins with _/,
    ],
    [
      'the context of blobs, in another module than theirs',
      "{ context: '_blobs', function: counter }",
      /\.context: _blobs begins with _/,
    ],
    ['a context twice', "{ context: ['a', 'b', 'a'], function: counter }", /\.context: names a source twice/],
    [
      'one wrong context of several',
      "{ context: ['a', '_b'], function: counter }",
      /\.context: _b begins with _/,
    ],
    ['no function', "{ context: 'a' }", /\.function: is missing; make it with reducer\(\)/],
    ['a plain function', functionOf('() => 1'), /\.function: is not a reducer/],
    [
      'a function without a name',
      functionOf('studentEventReducer({ nullState: 0 }, () => 1)'),
      /\.function: has no name/,
    ],
    [
      'a name that is no identifier',
      functionOf("studentEventReducer({ nullState: 0, name: 'a-b' }, () => 1)"),
      /\.function: its name "a-b"/,
    ],
    ['no scope', functionOf("reducer({ nullState: 0, name: 'x' }, () => 1)"), /\.scope: is missing/],
    ['an empty scope', scopeOf('[]'), /\.scope: is empty, one state for everybody; name at least one field/],
    ['a scope that is no list', scopeOf("'STUDENT'"), /\.scope: must be Scope/],
    ['an unknown scope field', scopeOf("['STUDENT', 'SCHOOL']"), /\.scope: has "SCHOOL"/],
    ['a null scope field', scopeOf("['STUDENT', null]"), /\.scope: has null/],
    [
      'an event field with a separator',
      scopeOf("['STUDENT', eventField('a:b')]"),
      /\.scope: an event field's path/,
    ],
    [
      'an event field named as a key field',
      scopeOf("['STUDENT', eventField('STUDENT')]"),
      /write KeyField\.STUDENT/,
    ],
    [
      'a scope field twice',
      scopeOf("['STUDENT', eventField('a'), eventField('a')]"),
      /\.scope: names a field twice/,
    ],
    [
      'two scopes that differ',
      entryOf("scope: ['STUDENT', eventField('a')]"),
      /\.scope: is EventField\.a, STUDENT, but its function was declared with STUDENT/,
    ],
    ['an entry that is no object', 'counter, 7', /REDUCERS\[1\]: must be an object/],
    [
      'two reducers of one id',
      `${GOOD_ENTRY}, ${GOOD_ENTRY}`,
      /REDUCERS: two reducers have the id sample\.counter/,
    ],
    ['no reducers', '', /REDUCERS: must be a list/],
    ['an undefined default', entryOf('default: undefined'), /\.default: must be JSON: default is undefined/],
    ['NaN in a default', entryOf('default: { a: [1, NaN] }'), /default\.a\[1\] is NaN/],
    ['a function in a default', entryOf('default: { a() {} }'), /default\.a is a function/],
    ['an undefined member', entryOf('default: { a: undefined }'), /default\.a is undefined/],
    ['a symbol as a name', entryOf("default: { [Symbol('a')]: 1 }"), /default has a symbol as a name/],
    [
      'a cycle in a null state',
      nullStateOf('(() => { const a = { b: [] }; a.b.push(a); return a; })()'),
      /nullState\.b\[0\] contains itself/,
    ],
    ['a BigInt in a null state', nullStateOf('{ n: 1n }'), /nullState\.n is a bigint/],
    ['a Map in a null state', nullStateOf('new Map()'), /nullState is a Map/],
    ['a Date in a null state', nullStateOf('{ at: new Date(0) }'), /nullState\.at is a Date/],
    ['an instance of a class', nullStateOf('new (class Tally {})()'), /nullState is a Tally/],
    ['no null state', functionOf("studentEventReducer({ name: 'x' }, () => 1)"), /nullState is undefined/],
    [
      'a null state that is no list for a list',
      functionOf(
        "studentEventReducer({ nullState: {}, stateType: appendList, name: 'x' }, (e, list) => list)",
      ),
      /nullState must be the list that a key starts with, as \[\]/,
    ],
    [
      'a state type that there is not',
      functionOf(
        "studentEventReducer({ nullState: [], stateType: { stateTypeName: 'heap' }, name: 'x' }, () => [])",
      ),
      /its stateType is none of json, append_list, long_object; use appendList/,
    ],
  ])('%s', async (_what, entries, problem) => {
    const folder = folderWith({ 'reducers/own/module.ts': moduleWith(entries) });
    const message = await problemsOf(folder);
    expect(message).toMatch(problem);
    expect(message).toContain(join('reducers', 'own', 'module.ts'));
  });

  test.each(['Student-Events', '1st', '', 'studentEvents'])('the NAME %j', async (name) => {
    const text = moduleWith(GOOD_ENTRY, name);
    expect(await problemsOf(folderWith({ 'reducers/own/module.ts': text }))).toMatch(
      /NAME: must be a snake_case/,
    );
  });

  test.each(['0', '1.5', "'1'", 'undefined', 'NaN'])('the VERSION %s', async (version) => {
    const text = moduleWith(GOOD_ENTRY).replace('VERSION = 1', `VERSION = ${version}`);
    expect(await problemsOf(folderWith({ 'reducers/own/module.ts': text }))).toMatch(
      /VERSION: must be a whole number/,
    );
  });

  test('two modules of one NAME and VERSION', async () => {
    const message = await problemsOf(
      folderWith({
        'reducers/a/module.ts': moduleWith(GOOD_ENTRY),
        'reducers/b/module.ts': moduleWith(GOOD_ENTRY),
      }),
    );
    expect(message).toMatch(
      /b.module\.ts: NAME and VERSION: sample\.v1 is also that of .*a.module\.ts; .*raise the VERSION/,
    );
  });

  test.each([
    ['./nowhere', /\.\/nowhere does not exist/],
    ['nowhere', /nowhere is neither a path from .* nor an installed package/],
    ['./empty', /\.\/empty has no module\.js or module\.ts/],
    ['broken', /broken: its package\.json cannot be read|broken its package\.json cannot be read/],
  ])('LECTERN_MODULES=%s', async (name, problem) => {
    const folder = folderWith({
      'reducers/own/module.ts': moduleWith(GOOD_ENTRY),
      'empty/README.md': '',
      'node_modules/broken/package.json': '{',
    });
    expect(await problemsOf(folder, [name])).toMatch(problem);
  });

  test('every problem of every module is listed at once', async () => {
    const message = await problemsOf(
      folderWith({
        'reducers/a/module.ts': moduleWith(`${entryOf('defualt: 1')}, { context: 'a b' }`, 'a'),
        'reducers/b/module.ts': 'throw new Error("no luck");',
        'reducers/c/module.ts': moduleWith(nullStateOf('NaN'), 'C'),
      }),
      ['./nowhere'],
    );
    for (const part of [
      'nowhere',
      'defualt',
      'REDUCERS[1].context',
      'REDUCERS[1].function',
      'no luck',
      'NAME: must',
      'NaN',
    ])
      expect(message).toContain(part);
    expect(message.split('\n').slice(1)).toHaveLength(8);
  });

  test('a folder of modules that is not there', async () => {
    expect(await problemsOf(folderWith({}))).toMatch(/reducers: cannot be read/);
  });
});
