import { describe, expect, test } from '@jest/globals';
import { loadInstallation, topicsOf } from '../../services/shared/installation.ts';
import { sourceOfTopic } from '../../services/shared/topics.ts';

describe('the topics of a namespace', () => {
  const { archived, copies } = topicsOf({
    namespace: 'ns',
    partitions: 4,
    sources: ['a', 'b.c'],
    rekeyed: ['m.v2'],
  });

  test('are those of the sources, of blobs, of what no source claims, of other keys, and our own', () => {
    expect(archived).toEqual([
      { name: 'ns.events.a', partitions: 4 },
      { name: 'ns.events.b.c', partitions: 4 },
      { name: 'ns.events._blobs', partitions: 4 },
      { name: 'ns.events._unclaimed', partitions: 4 },
      { name: 'ns.rekey.m.v2', partitions: 4 },
      { name: 'ns.control', partitions: 1 },
    ]);
    expect(copies).toEqual([{ name: 'ns.dead-letters', partitions: 1 }]);
  });

  test('have archive folders of their own', () => {
    const folders = archived.map(({ name }) => sourceOfTopic('ns', name));
    expect(folders).toEqual(['a', 'b.c', '_blobs', '_unclaimed', '_rekey.m.v2', '_control']);
  });
});

describe('an installation', () => {
  const load = (LECTERN_SOURCES: readonly string[]) =>
    loadInstallation({
      LECTERN_NAMESPACE: 'ns',
      LECTERN_PARTITIONS: 2,
      LECTERN_SOURCES,
      LECTERN_MODULES: [],
    });

  test('archives everything but the copies of dead letters', async () => {
    const { topics, archivedTopics } = await load(['extra']);
    const names = topics.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['ns.events.extra', 'ns.control', 'ns.dead-letters']));
    expect(archivedTopics).toEqual(names.filter((name) => name !== 'ns.dead-letters'));
  });

  test('has a topic for blobs, which is no source: nobody can send to it by naming it', async () => {
    const { sources, topics } = await load([]);
    expect(topics.map(({ name }) => name)).toContain('ns.events._blobs');
    expect(sources).not.toContain('_blobs');
  });

  test.each([[[]], [['xapi']]])(
    'has topics for what comes by standards, with the sources %j',
    async (given) => {
      const { sources, topics } = await load(given);
      for (const source of ['caliper', 'xapi']) {
        expect(sources.filter((name) => name === source)).toHaveLength(1);
        expect(topics).toContainEqual({ name: `ns.events.${source}`, partitions: 2 });
      }
    },
  );

  test.each(['_control', '_rekey.m.v1', '_blobs', '_unclaimed'])(
    'refuses the source %s, which is not free',
    async (name) => {
      const loading = load(['fine', name]);
      await expect(loading).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(new RegExp(`does not begin with _.*found ${name}$`)),
      });
    },
  );
});
