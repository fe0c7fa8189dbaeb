import { describe, expect, test } from '@jest/globals';
import { createHouse, fateOf, record, settle } from './rekey-publisher-house.ts';

describe('the publisher of a source partition', () => {
  test('sends what it took in its order, one batch at a time', async () => {
    const { takeAll, sendings } = createHouse();
    takeAll(['a', 'b']);
    await settle();
    takeAll(['c'], 2);
    takeAll(['d'], 3);
    await settle();
    expect(sendings.map(({ keys }) => keys)).toEqual([['a', 'b']]);
    await sendings[0]!.answer();
    expect(sendings.map(({ keys }) => keys)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('says when everything below an offset is in the topic', async () => {
    const { publisher, sendings, takeAll } = createHouse();
    expect(await fateOf(publisher.acknowledged(100))).toBe('done');
    takeAll(['a', 'b']);
    await settle();
    takeAll(['c', 'd'], 10);
    const [first, both, three] = [0, 2, 11].map((below) => publisher.acknowledged(below));
    expect(await fateOf(first)).toBe('done');
    expect(await fateOf(both)).toBe('pending');
    await sendings[0]!.answer();
    expect(await fateOf(both)).toBe('done');
    expect(await fateOf(publisher.acknowledged(10))).toBe('done');
    expect(await fateOf(three)).toBe('pending');
    await sendings[1]!.answer();
    expect(await fateOf(three)).toBe('done');
  });

  test('has an event in the topic only when all its records are', async () => {
    const { publisher, sendings } = createHouse();
    void publisher.take(
      5,
      Array.from({ length: 1_001 }, (_, n) => record(String(n))),
    );
    const done = publisher.acknowledged(6);
    await settle();
    await sendings[0]!.answer();
    expect(await fateOf(done)).toBe('pending');
    await sendings[1]!.answer();
    expect(await fateOf(done)).toBe('done');
  });

  test('sends a batch of bounded size', async () => {
    const { publisher, sendings, takeAll } = createHouse();
    takeAll(['a', 'b', 'c', 'd'], 0, 200_000);
    await settle();
    await sendings[0]!.answer();
    await sendings[1]!.answer();
    void publisher.take(10, [record('larger', 2_000_000)]);
    await settle();
    expect(sendings.map(({ keys }) => keys)).toEqual([['a', 'b'], ['c', 'd'], ['larger']]);
  });

  test.each([
    ['records', 4_001, 10],
    ['bytes', 5, 1_000_000],
  ])('makes the next event wait when too many %s wait', async (_name, count, bytes) => {
    const { sendings, takeAll, rooms } = createHouse();
    takeAll(
      Array.from({ length: count }, () => 'k'),
      0,
      bytes,
    );
    expect(rooms.slice(0, -1).every((room) => room === undefined)).toBe(true);
    expect(await fateOf(rooms.at(-1))).toBe('pending');
    await sendings[0]!.answer();
    expect(await fateOf(rooms.at(-1))).toBe('done');
  });

  test('repeats a send that failed as it was, ever more slowly', async () => {
    const { publisher, sendings, takeAll, waits } = createHouse();
    takeAll(['a', 'b']);
    await settle();
    takeAll(['c'], 2);
    await sendings[0]!.fail();
    await sendings[1]!.fail();
    await sendings[2]!.answer();
    expect(sendings.map(({ keys }) => keys)).toEqual([['a', 'b'], ['a', 'b'], ['a', 'b'], ['c']]);
    expect(waits).toEqual([100, 200]);
    await sendings[3]!.answer();
    expect(await fateOf(publisher.acknowledged(3))).toBe('done');
  });

  test('gives up after ten attempts, and tells everybody who waits or comes', async () => {
    const { publisher, sendings, takeAll } = createHouse();
    takeAll(['a']);
    const waiting = publisher.acknowledged(1);
    const fate = fateOf(waiting);
    await settle();
    for (let attempt = 0; attempt < 10; attempt++) await sendings[attempt]!.fail();
    await fate;
    expect(sendings).toHaveLength(10);
    const unavailable = expect.objectContaining({ code: 'LOG_UNAVAILABLE' });
    expect(await fateOf(waiting)).toEqual(unavailable);
    expect(await fateOf(publisher.acknowledged(0))).toEqual(unavailable);
    expect(await fateOf(publisher.take(1, [record('b')]))).toEqual(unavailable);
    await settle();
    expect(sendings).toHaveLength(10);
  });

  test('that is closed sends nothing more, and rejects whoever waits', async () => {
    const { publisher, sendings, takeAll, rooms } = createHouse();
    takeAll(['a']);
    await settle();
    takeAll(
      Array.from({ length: 4_001 }, () => 'k'),
      1,
    );
    const done = publisher.acknowledged(1);
    const fates = Promise.all([done, rooms.at(-1)].map(fateOf));
    publisher.close();
    const closed = expect.objectContaining({ code: 'CLOSED' });
    expect(await fates).toEqual([closed, closed]);
    await sendings[0]!.answer();
    await settle();
    expect(sendings).toHaveLength(1);
    expect(await fateOf(publisher.take(9_999, [record('late')]))).toEqual(closed);
  });

  test('that is closed does not repeat a send that fails', async () => {
    const { publisher, sendings, takeAll } = createHouse();
    takeAll(['a']);
    await settle();
    publisher.close();
    await sendings[0]!.fail();
    await settle();
    expect(sendings).toHaveLength(1);
  });

  test('waits for a send that is not answered, and says so until it is', async () => {
    const { publisher, sendings, takeAll, told, later } = createHouse();
    takeAll(['a']);
    await settle();
    const done = publisher.acknowledged(1);
    expect(told).toEqual([]);
    later();
    later();
    const waiting = expect.stringContaining('waits until n.rekey.m.v1 has its events');
    expect(told).toEqual([waiting, waiting]);
    expect(await fateOf(done)).toBe('pending');
    expect(sendings).toHaveLength(1);
    await sendings[0]!.answer();
    expect(await fateOf(done)).toBe('done');
    expect(told).toEqual([waiting, waiting, null]);
    later();
    expect(told).toHaveLength(3);
  });

  test('says nothing of sends that are answered in time, nor after it is closed', async () => {
    const { publisher, sendings, takeAll, told, later } = createHouse();
    takeAll(['a']);
    await settle();
    await sendings[0]!.answer();
    takeAll(['b'], 1);
    await settle();
    publisher.close();
    later();
    await sendings[1]!.answer();
    expect(told).toEqual([]);
  });
});
