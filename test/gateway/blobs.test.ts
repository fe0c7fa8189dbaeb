import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createBlobHouse } from './blob-house.ts';
import { answer, createBlobTalk, FETCH, fetchBlob, save } from './blob-talk.ts';
import { createGatewayHouse, SOURCE, TESTCASE_ONLY, until } from './support.ts';

const gateways = createGatewayHouse();
const { start, cleanUp } = gateways;
const { talk, folding } = createBlobTalk(gateways);
afterEach(() => cleanUp.run());

describe('blobs on the socket', () => {
  test('what is saved is an event of its own topic, durable, with its id', async () => {
    const house = await createBlobHouse();
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice', { activity: 'essay' });
    talker.send({ ...save({ a: 1 }), id: 'mine', session: 's', sequence: 4 });
    await until(() => house.log.written().length === 1, 'it was written');
    const [written] = house.log.written();
    expect(written).toMatchObject({
      topic: 'test.events._blobs',
      key: 'tc-testcase-alice',
      type: 'save_blob',
      source: SOURCE,
      id: `["${SOURCE}","mine"]`,
      session: `["${SOURCE}","s"]`,
      sequence: 4,
    });
    expect(written!.clientFields).toMatchObject({ source: SOURCE, activity: 'essay', blob_text: '{"a":1}' });
  });

  test('a fetch right after a save sees it, on that gateway and on another', async () => {
    const house = await folding();
    const [a, b] = [await start(house.options), await start({ ...house.options })];
    const here = await talk(a.url, 'alice');
    expect(await fetchBlob(here)).toBe(answer('null'));
    for (let n = 0; n < 20; n++) {
      here.send(save({ n }));
      expect(await fetchBlob(here)).toBe(answer(`{"n":${n}}`));
      const there = await talk(b.url, 'alice');
      expect(await fetchBlob(there)).toBe(answer(`{"n":${n}}`));
    }
  });

  test('students, sources and activities each have their own', async () => {
    const house = await folding();
    const { url } = await start(house.options);
    const all = [
      await talk(url, 'alice'),
      await talk(url, 'bob'),
      await talk(url, 'alice', { source: 'other' }),
      await talk(url, 'alice', { activity: 'essay' }),
      await talk(url, 'alice', { source: 'other', activity: 'essay' }),
    ];
    for (const talker of all) expect(await fetchBlob(talker)).toBe(answer('null'));
    for (const [n, talker] of all.entries())
      talker.send({ ...save(n), id: 'same', session: 's', sequence: 1 });
    for (const [n, talker] of all.entries()) expect(await fetchBlob(talker)).toBe(answer(String(n)));
  });

  test('a name that a sender gives to its event is of its source: other blobs under it are no duplicates', async () => {
    const house = await createBlobHouse();
    const { url } = await start(house.options);
    for (const source of ['one', 'two']) {
      const frame = { ...save(1), source, user_id: 'alice', id: 'e1' };
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify([frame]);
      const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body });
      expect(await response.json()).toEqual({ results: [{ index: 0, status: 'accepted', id: 'e1' }] });
    }
    expect(new Set(house.log.written().map(({ id }) => id)).size).toBe(2);
  });

  test('what is sent before an identity is delivered in order by it', async () => {
    const house = await folding();
    const { url } = await start({ ...house.options, identity: TESTCASE_ONLY });
    const talker = await talk(url, null);
    talker.send(save('first'), FETCH, save('second'), { event: 'x', user_id: 'alice' });
    await until(() => talker.fetched.length === 1, 'the blob was answered');
    expect([answer('"first"'), answer('"second"')]).toContain(talker.fetched[0]);
    expect(house.log.written().map(({ type }) => type)).toEqual(['save_blob', 'save_blob', 'x']);
  });

  test('any JSON comes back to the letter', async () => {
    const house = await folding();
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice');
    const text = fc.oneof(
      fc.json({ maxDepth: 5 }),
      fc.string({ unit: 'binary' }).map((value) => JSON.stringify(value)),
      fc.constantFrom(
        '9007199254740993',
        '1e400',
        '1.0',
        '-0',
        '{"2":1,"1":2,"2":3}',
        '"\\ud800"',
        '[ 1 ,\n2 ]',
      ),
    );
    await fc.assert(
      fc.asyncProperty(text, async (blob) => {
        if (/__proto__|constructor|prototype/.test(blob)) return;
        talker.send(`{"event":"save_blob","blob":${blob}}`);
        expect(await fetchBlob(talker)).toBe(answer(blob.trim()));
      }),
      { interruptAfterTimeLimit: 4_000, numRuns: 300 },
    );
  });

  test('a megabyte that is not read yet is no reason to cut its reader off', async () => {
    const house = await folding({ unreadBytes: 1_000 });
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice');
    const blob = Array.from({ length: 10 }, () => 'x'.repeat(90_000));
    talker.send(save(blob), FETCH, FETCH, '{', FETCH);
    await until(() => talker.fetched.length === 3, 'all were answered');
    expect(new Set(talker.fetched)).toEqual(new Set([answer(JSON.stringify(blob))]));
  });
});
