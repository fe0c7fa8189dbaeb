import { afterEach, describe, expect, test } from '@jest/globals';
import { createBlobHouse } from './blob-house.ts';
import { answer, createBlobTalk, FETCH, fetchBlob, lock, save } from './blob-talk.ts';
import { createGatewayHouse, until } from './support.ts';

const gateways = createGatewayHouse();
const { start, cleanUp } = gateways;
const { talk, folding } = createBlobTalk(gateways);
afterEach(() => cleanUp.run());

describe('a blob that cannot be shown', () => {
  test('never is an older one: while the worker is behind, a fetch says so in the end', async () => {
    const house = await createBlobHouse({ blobFetchMs: 100 });
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice');
    talker.send(save('old'));
    await until(() => house.log.written().length === 1, 'it was written');
    await house.fold();
    expect(await fetchBlob(talker)).toBe(answer('"old"'));
    talker.send(save('new'), FETCH);
    await until(() => talker.errors().length === 1, 'it was refused');
    expect(talker.errors()).toEqual(['frame 5: fetch_blob: the blobs are behind what was saved']);
    await house.fold();
    expect(await fetchBlob(talker)).toBe(answer('"new"'));
  });

  test('waits for saves that the log has not taken, and does not wait for ever', async () => {
    const house = await folding({ blobFetchMs: 200 });
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice');
    house.log.hold();
    talker.send(save(1), FETCH);
    await until(() => talker.errors().length === 1, 'it was refused');
    expect(house.asked()).toBe(0);
    house.log.release();
    expect(await fetchBlob(talker)).toBe(answer('1'));
  });

  test('after a store that was emptied is not told to be none', async () => {
    const house = await createBlobHouse({ blobFetchMs: 100 });
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice');
    talker.send(save(1));
    await until(() => house.log.written().length === 1, 'it was written');
    await house.fold();
    house.loseStates();
    talker.send(FETCH);
    await until(() => talker.errors().length === 1, 'it was refused');
    expect(talker.errors()[0]).toContain('behind');
    await house.fold();
    expect(await fetchBlob(talker)).toBe(answer('1'));
  });

  test('after a topic that was made again is not taken from what the old one left', async () => {
    const house = await createBlobHouse({ blobFetchMs: 1_000 });
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice');
    talker.send(save('of the old topic'));
    await until(() => house.log.written().length === 1, 'it was written');
    await house.fold();
    house.loseLog();
    talker.send(FETCH);
    await until(() => talker.errors().length === 1, 'it was refused');
    expect(talker.errors()).toEqual(['frame 3: fetch_blob: the blobs are of another log than this one']);
  });

  test('for want of the store costs nothing but the fetch', async () => {
    const house = await createBlobHouse();
    const { url, gateway } = await start(house.options);
    const talker = await talk(url, 'alice');
    talker.send(save(1));
    await until(() => house.log.written().length === 1, 'it was written');
    await house.fold();
    expect(await fetchBlob(talker)).toBe(answer('1'));
    house.memory.setAway(true);
    talker.send(FETCH, save(2));
    await until(() => talker.errors().length === 1, 'it was refused');
    expect(talker.errors()).toEqual(['frame 4: fetch_blob: the blobs cannot be read now']);
    await until(() => house.log.written().length === 2, 'what was saved is kept');
    expect(gateway.notReady()).toEqual([]);
  });

  test('where nothing was named to read from is refused, and saves are kept', async () => {
    const { url, log } = await start();
    const talker = await talk(url, 'alice');
    talker.send(save(1), FETCH);
    await until(() => talker.answers.length === 2, 'it was refused');
    expect(talker.answers[1]).toEqual({
      status: 'error',
      error: 'frame 3: fetch_blob: this gateway has nothing to read blobs from; what is saved is kept',
      remedy: 'whoever runs it sets LECTERN_REDIS_URL',
    });
    await until(() => log.written().length === 1, 'it was kept');
  });

  test('is not waited for by more than a few fetches of a connection', async () => {
    const house = await createBlobHouse({ blobsWaiting: 2 });
    const { url } = await start(house.options);
    const talker = await talk(url, 'alice');
    talker.send(FETCH, FETCH, FETCH, FETCH, FETCH);
    await until(() => talker.errors().length === 2, 'two were too many');
    expect(talker.errors()).toEqual([5, 6].map((n) => `frame ${n}: fetch_blob: too many wait already`));
    await house.fold();
    await until(() => talker.fetched.length === 3, 'the others were answered');
  });

  test('is asked for over HTTP in vain, with the way to it', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([lock('alice'), FETCH, save(1)]),
    });
    const { results } = (await response.json()) as { results: object[] };
    expect(results[1]).toEqual({
      index: 1,
      status: 'rejected',
      error: 'event: fetch_blob is answered on the socket alone; connect to /wsapi/in/',
    });
    expect(results[2]).toMatchObject({ status: 'accepted' });
  });
});
