import { afterEach, describe, expect, test } from '@jest/globals';
import { partitionOf } from '../../services/shared/partition.ts';
import { partField } from '../../services/shared/state-types/part-field.ts';
import { type LiveClient, openLive } from '../support/live-client.ts';
import type { QueryAppOptions } from '../support/query-app.ts';
import {
  A,
  B,
  internal,
  REKEY,
  type RekeyedApp,
  rekeyPartitionOf,
  startRekeyedApp,
} from '../support/rekeyed-app.ts';

/** States that are kept under other keys than the students' are where the rekey topic puts those keys. */

let app: RekeyedApp;
let client: LiveClient | undefined;
afterEach(async () => {
  client?.close();
  client = undefined;
  await app?.close();
});

const start = async (options: QueryAppOptions = {}): Promise<void> => {
  app = await startRekeyedApp(options);
  await app.settle();
};

describe('a state of a rekeyed reducer', () => {
  const page = { CLASS: 'c,1', 'EventField.page.id': '7', RESOURCE: 'r:1', TEACHER: 'tom' };

  test.each([
    ['a class', 'per_class', { CLASS: '5a' }, 'CLASS=5a'],
    ['several fields', 'per_page', page, 'page.id=7&TEACHER=tom&CLASS=c,1&RESOURCE=r:1'],
    ['a student over several contexts', 'both', { STUDENT: 'ada' }, 'STUDENT=ada'],
  ])("is found by the text of its key, of %s, as of the rekey topic's unit", async (_, name, key, query) => {
    await start();
    const partition = rekeyPartitionOf(key);
    await app.put(REKEY, partition, [internal(name, key, { found: name })]);
    await app.move(REKEY, partition, { next: 9, caughtUpAt: 2_000_000 });
    expect(await app.stateOf(`${name}?${query}`)).toEqual({
      state: { found: name },
      default: false,
      asOf: { topic: REKEY, partition, offset: 9, time: 2_000 },
    });
    expect(await app.stateOf(`${name}?${query}x`)).toMatchObject({ state: { of: name }, default: true });
  });

  test('is not looked for under the student alone', async () => {
    await start();
    const students = [...Array(20).keys()].map(String);
    for (const STUDENT of students)
      await app.put(REKEY, rekeyPartitionOf({ STUDENT }), [internal('both', { STUDENT }, STUDENT)]);
    for (const student of students)
      expect(await app.stateOf(`both?STUDENT=${student}`)).toMatchObject({ state: student });
  });

  test('of a type with parts is put together from that unit', async () => {
    await start();
    const key = { 'EventField.doc': 'd' };
    const head = { length: 3, parts: 1, bytes: 3, tail: [3] };
    const part = { field: partField('work.pages', 'EventField.doc:d', 0), value: '[1,2]' };
    await app.put(REKEY, rekeyPartitionOf(key), [internal('pages', key, head), part]);
    expect(await app.stateOf('pages?doc=d')).toMatchObject({ state: [1, 2, 3], default: false });
  });

  test('changes a live stream at once, and a class is shown as it was asked', async () => {
    await start({ limits: { sweepMs: 3_600_000, coalesceMs: 5 } });
    const partition = rekeyPartitionOf({ CLASS: '5a' });
    client = await openLive(`${app.url}/v1/live/work.per_class?CLASS=5a&CLASS=5b`);
    const key = { CLASS: '5a' };
    const missing = { state: { of: 'per_class' }, default: true };
    expect(await client.next()).toMatchObject({
      event: 'snapshot',
      items: [
        { key, ...missing },
        { key: { CLASS: '5b' }, ...missing },
      ],
    });
    await app.put(REKEY, partition, [internal('per_class', key, 'new')]);
    expect(await client.next()).toMatchObject({
      event: 'change',
      items: [{ key, state: 'new', default: false }],
      asOf: [{ topic: REKEY, partition }],
    });
  });
});

describe('a state of another reducer of such a module', () => {
  test("is in its own context's topic, in the student's partition", async () => {
    await start();
    const [a, b] = [partitionOf('ada', 2), partitionOf('ada', 3)];
    await app.put(A, a, [internal('own_a', { STUDENT: 'ada', CLASS: '5a' }, 1)]);
    await app.put(B, b, [internal('own_b', { STUDENT: 'ada' }, 2)]);
    const ofA = await app.stateOf('own_a?CLASS=5a&STUDENT=ada');
    expect(ofA).toMatchObject({ state: 1, asOf: { topic: A, partition: a } });
    const ofB = await app.stateOf('own_b?STUDENT=ada');
    expect(ofB).toMatchObject({ state: 2, asOf: { topic: B, partition: b } });
  });

  test('does not wait for the rekeyed ones', async () => {
    app = await startRekeyedApp();
    await app.claimAll(B, 0);
    expect(await app.stateOf('own_b?STUDENT=ada')).toMatchObject({ state: { of: 'own_b' }, default: true });
    expect(await app.stateOf('both?STUDENT=ada')).toMatchObject({ rebuilding: { target: null } });
  });
});

describe('a request for a rekeyed reducer', () => {
  test('names the fields of its scope as they are listed', async () => {
    await start();
    const { body } = await app.get('/v1/modules');
    const { reducers } = (body as { modules: { reducers: { id: string; scope: string[] }[] }[] }).modules[0]!;
    expect(reducers.map(({ id, scope }) => [id, ...scope])).toEqual([
      ['work.own_b', 'STUDENT'],
      ['work.own_a', 'STUDENT', 'CLASS'],
      ['work.per_class', 'CLASS'],
      ['work.per_page', 'CLASS', 'page.id', 'RESOURCE', 'TEACHER'],
      ['work.both', 'STUDENT'],
      ['work.pages', 'doc'],
    ]);
  });

  test.each([
    ['per_class', '', ['CLASS: missing; work.per_class needs CLASS']],
    ['per_class', 'CLASS=', ['CLASS: empty; work.per_class needs CLASS']],
    ['per_class', 'CLASS=a&STUDENT=ada', ['STUDENT: unknown; work.per_class needs CLASS']],
    ['per_class', 'class=a', ['class: unknown', 'CLASS: missing']],
    [
      'per_page',
      'CLASS=a&RESOURCE=b&page=7',
      [
        'page: unknown; work.per_page needs CLASS, page.id, RESOURCE, TEACHER',
        'page.id: missing',
        'TEACHER: missing',
      ],
    ],
  ])('is answered 400 naming every wrong parameter: %s?%s', async (name, query, problems) => {
    await start();
    for (const route of ['state', 'live']) {
      const { status, body } = await app.get(`/v1/${route}/work.${name}?${query}`);
      expect(status).toBe(400);
      const found = (body as { problems: string[] }).problems;
      expect(found).toHaveLength(problems.length);
      for (const [index, problem] of problems.entries()) expect(found[index]).toContain(problem);
    }
  });
});
