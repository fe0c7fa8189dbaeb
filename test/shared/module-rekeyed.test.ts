import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadInstallation } from '../../services/shared/installation.ts';
import { type Module, rekeyedContexts } from '../../services/shared/module.ts';
import { loadModules } from '../../services/shared/modules.ts';
import { folderWith, moduleWith } from '../support/module-folder.ts';

/** An entry with a reducer of that name. */
const entry = (name: string, contexts: readonly string[], scope: string): string =>
  `{ context: ${JSON.stringify(contexts)}, function: reducer({ nullState: 0, name: '${name}', scope: Scope([${scope}]) }, () => 1) }`;

async function moduleOf(...entries: readonly string[]): Promise<Module> {
  const folder = folderWith({ 'reducers/own/module.ts': moduleWith(entries.join(', ')) });
  const { modules } = await loadModules({ reducersDir: join(folder, 'reducers'), extra: [], cwd: folder });
  return modules[0]!;
}

const STUDENT = 'KeyField.STUDENT';
const CLASS = 'KeyField.CLASS';

describe('a reducer gets its events through the rekey topic', () => {
  test.each([
    ['of a class', ['a'], CLASS, true],
    ['of a resource', ['a'], 'KeyField.RESOURCE', true],
    ['of a teacher', ['a'], 'KeyField.TEACHER', true],
    ['of an event field', ['a'], "eventField('doc.id')", true],
    [
      'of all of these',
      ['a'],
      "KeyField.TEACHER, eventField('doc'), KeyField.RESOURCE, KeyField.CLASS",
      true,
    ],
    ['of a student over several contexts', ['a', 'b'], STUDENT, true],
    ['of a class over several contexts', ['a', 'b'], CLASS, true],
    ['of a student', ['a'], STUDENT, false],
    ['of a student and a class', ['a'], `${CLASS}, ${STUDENT}`, false],
    ['of a student and an event field', ['a'], `eventField('STUDENTS'), ${STUDENT}`, false],
  ])('or not: %s', async (_, contexts, scope, rekeyed) => {
    const module = await moduleOf(entry('r', contexts, scope));
    expect(module.reducers[0]).toMatchObject({ contexts, rekeyed });
    expect(module.rekeyed).toBe(rekeyed);
  });
});

describe('a module with such reducers', () => {
  const some = [
    entry('direct', ['z'], STUDENT),
    entry('classes', ['c'], CLASS),
    entry('everywhere', ['c', 'a'], STUDENT),
  ];

  test('has the contexts of all, and tells those whose events are rekeyed', async () => {
    const module = await moduleOf(...some);
    expect(module).toMatchObject({ contexts: ['a', 'c', 'z'], rekeyed: true });
    expect(module.reducers.map(({ rekeyed }) => rekeyed)).toEqual([false, true, true]);
    expect(rekeyedContexts(module)).toEqual(['a', 'c']);
  });

  test('over several contexts needs no rekeying when each reducer has one', async () => {
    const module = await moduleOf(entry('one', ['b'], STUDENT), entry('other', ['a'], STUDENT));
    expect(module).toMatchObject({ contexts: ['a', 'b'], rekeyed: false });
    expect(rekeyedContexts(module)).toEqual([]);
  });

  test.each([
    ['a scope', entry('everywhere', ['c', 'a'], CLASS)],
    ['one context more', entry('everywhere', ['c', 'a', 'b'], STUDENT)],
    ['one context less', entry('everywhere', ['c'], STUDENT)],
  ])('has another hash with %s', async (_, changed) => {
    const { hash } = await moduleOf(...some);
    expect((await moduleOf(...some.slice(0, 2), changed)).hash).not.toBe(hash);
  });

  test('has the same hash whatever the order of its contexts', async () => {
    const { hash } = await moduleOf(...some);
    const turned = entry('everywhere', ['a', 'c'], STUDENT);
    expect((await moduleOf(...some.slice(0, 2), turned)).hash).toBe(hash);
  });
});

describe('an installation', () => {
  test('has a rekey topic for each module that needs one, and archives it', async () => {
    const folder = folderWith({
      'one/module.ts': moduleWith(entry('r', ['a', 'b'], STUDENT), 'one'),
      'two/module.ts': moduleWith(entry('r', ['a'], STUDENT), 'two'),
      'three/module.ts': moduleWith(entry('r', ['c'], CLASS), 'three').replace('VERSION = 1', 'VERSION = 7'),
    });
    const { topics, archivedTopics, sources } = await loadInstallation({
      LECTERN_NAMESPACE: 'ns',
      LECTERN_PARTITIONS: 5,
      LECTERN_SOURCES: [],
      LECTERN_MODULES: ['one', 'two', 'three'].map((name) => join(folder, name)),
    });
    expect(sources).toEqual(expect.arrayContaining(['a', 'b', 'c']));
    const rekeyed = topics.filter(({ name }) => name.includes('.rekey.'));
    expect(rekeyed).toEqual([
      { name: 'ns.rekey.one.v1', partitions: 5 },
      { name: 'ns.rekey.three.v7', partitions: 5 },
    ]);
    expect(archivedTopics).toEqual(expect.arrayContaining(rekeyed.map(({ name }) => name)));
  });
});
