import { describe, expect, test } from '@jest/globals';
import { createVersionHouse, rekeyTopicOf, type VersionHouse, versionOfM } from '../support/version-house.ts';

const v1 = versionOfM({ version: 1 });
const v2 = versionOfM({ version: 2 });

/** Version 1 is shown, and has 10 records of each of two partitions; version 2 has begun. */
async function deployed(): Promise<VersionHouse> {
  const house = createVersionHouse();
  for (const partition of [0, 1]) {
    await house.claim(v1, partition, 0);
    await house.store(v1, partition, 10);
    await house.claim(v2, partition, 10);
  }
  house.decide(1);
  return house;
}

describe('a version takes over', () => {
  test('at once when no lower version ever ran', async () => {
    const house = createVersionHouse();
    await house.takeover(v2).look();
    expect(house.active()).toBe(2);
  });

  test('at once when the shown one never ran', async () => {
    const house = createVersionHouse();
    house.decide(1);
    await house.takeover(v2).look();
    expect(house.active()).toBe(2);
  });

  test('when it has what the shown one had, and not before', async () => {
    const house = await deployed();
    const takeover = house.takeover(v2);
    await house.store(v2, 0, 10);
    await house.store(v2, 1, 9);
    await takeover.look();
    expect(house.active()).toBe(1);
    await house.store(v2, 1, 10);
    await takeover.look();
    expect(house.active()).toBe(2);
  });

  test('though the shown one is always a little ahead', async () => {
    const house = await deployed();
    const takeover = house.takeover(v2);
    for (let next = 20; next <= 60 && house.active() === 1; next += 10)
      for (const partition of [0, 1]) {
        await house.store(v1, partition, next);
        await house.store(v2, partition, next - 5);
        house.clock += 1_000;
        await takeover.look();
      }
    expect(house.active()).toBe(2);
  });

  test('not when it is further behind than ten seconds: what is shown would be too old', async () => {
    const house = await deployed();
    const takeover = house.takeover(v2);
    for (let next = 20; next <= 60; next += 10) {
      for (const partition of [0, 1]) {
        await house.store(v1, partition, next);
        await house.store(v2, partition, next - 5);
      }
      await takeover.look();
      house.clock += 10_001;
    }
    expect(house.active()).toBe(1);
  });

  test('not while it is rebuilt, though the shown one has nothing: its store was emptied', async () => {
    const house = await deployed();
    for (const partition of [0, 1])
      for (const { id } of [v1, v2])
        await house.memory.store.remove({ module: id, topic: 'test.events.s', partition });
    const takeover = house.takeover(v2);
    await takeover.look();
    expect(house.active()).toBe(1);
    for (const partition of [0, 1]) await house.claim(v2, partition, 10);
    await house.store(v2, 0, 10);
    await takeover.look();
    expect(house.active()).toBe(1);
    await house.store(v2, 1, 10);
    await takeover.look();
    expect(house.active()).toBe(2);
  });

  test('not when a unit of it counts other partitions than its topic has', async () => {
    const house = await deployed();
    for (const partition of [0, 1]) await house.store(v2, partition, 10);
    house.ends.set('test.events.s', [0, 0, 0]);
    await house.takeover(v2).look();
    expect(house.active()).toBe(1);
  });

  test('from a version that stands still at another number of partitions', async () => {
    const house = await deployed();
    house.ends.set('test.events.s', [0, 0, 0]);
    for (const partition of [0, 1])
      await house.memory.store.remove({ module: v2.id, topic: 'test.events.s', partition });
    for (const partition of [0, 1, 2]) {
      await house.claim(v2, partition, 10);
      await house.store(v2, partition, 10);
    }
    await house.takeover(v2).look();
    expect(house.active()).toBe(2);
  });

  test('not while the module is paused, and after that', async () => {
    const house = await deployed();
    for (const partition of [0, 1]) await house.store(v2, partition, 10);
    house.topic.append({ kind: 'module-switch', module: 'm', paused: true, reason: 'r' });
    const takeover = house.takeover(v2);
    await takeover.look();
    expect(house.active()).toBe(1);
    house.topic.append({ kind: 'module-switch', module: 'm', paused: false, reason: 'r' });
    await takeover.look();
    expect(house.active()).toBe(2);
  });

  test('never downwards, and not after a person went back until one promotes again', async () => {
    const house = await deployed();
    for (const partition of [0, 1]) await house.store(v2, partition, 10);
    house.decide(2);
    await house.takeover(v1).look();
    expect(house.active()).toBe(2);
    house.decide(1, { auto: false });
    await house.takeover(v2).look();
    expect(house.active()).toBe(1);
    house.decide(1);
    await house.takeover(v2).look();
    expect(house.active()).toBe(2);
  });

  test('not before the version that ran when nothing was decided yet is decided', async () => {
    const house = createVersionHouse();
    for (const partition of [0, 1]) {
      await house.claim(v1, partition, 0);
      await house.store(v1, partition, 10);
      await house.claim(v2, partition, 10);
    }
    const takeover = house.takeover(v2);
    await takeover.look();
    expect(house.active()).toBe(1);
    for (const partition of [0, 1]) await house.store(v2, partition, 10);
    await takeover.look();
    expect(house.active()).toBe(2);
  });

  test('not when the store does not answer, and when it does again', async () => {
    const house = await deployed();
    for (const partition of [0, 1]) await house.store(v2, partition, 10);
    house.memory.setAway(true);
    const takeover = house.takeover(v2);
    await takeover.look();
    expect(house.active()).toBe(1);
    house.memory.setAway(false);
    await takeover.look();
    expect(house.active()).toBe(2);
  });
});

describe('a version with events under other keys takes over', () => {
  const [old, next] = [versionOfM({ version: 1, rekeyed: true }), versionOfM({ version: 2, rekeyed: true })];

  async function rekeyed(): Promise<VersionHouse> {
    const house = createVersionHouse(1);
    for (const module of [old, next]) {
      house.ends.set(rekeyTopicOf(module), [10]);
      await house.claim(module, 0, 10);
      await house.store(module, 0, 10);
      await house.claim(module, 0, 0, rekeyTopicOf(module));
      await house.store(module, 0, 10, { topic: rekeyTopicOf(module), completeAt: 0 });
    }
    house.decide(1);
    return house;
  }

  test('when its rekey units are complete and at the end of their topic', async () => {
    const house = await rekeyed();
    house.ends.set(rekeyTopicOf(next), [12]);
    const takeover = house.takeover(next);
    await takeover.look();
    expect(house.active()).toBe(1);
    await house.store(next, 0, 12, { topic: rekeyTopicOf(next) });
    await takeover.look();
    expect(house.active()).toBe(2);
  });

  test('though there is always something beyond the positions of its rekey units', async () => {
    const house = await rekeyed();
    const takeover = house.takeover(next);
    for (let end = 20; end <= 60 && house.active() === 1; end += 10) {
      for (const module of [old, next]) {
        house.ends.set(rekeyTopicOf(module), [end]);
        await house.store(module, 0, module === old ? end : end - 5);
        await house.store(module, 0, end - 5, { topic: rekeyTopicOf(module) });
      }
      house.clock += 1_000;
      await takeover.look();
    }
    expect(house.active()).toBe(2);
  });

  test('not while nobody knows from where its rekey units are complete', async () => {
    const house = await rekeyed();
    const topic = rekeyTopicOf(next);
    await house.memory.store.remove({ module: next.id, topic, partition: 0 });
    await house.claim(next, 0, 0, topic);
    await house.store(next, 0, 10, { topic });
    const takeover = house.takeover(next);
    await takeover.look();
    expect(house.active()).toBe(1);
    await house.store(next, 0, 10, { topic, completeAt: 10 });
    await takeover.look();
    expect(house.active()).toBe(2);
  });

  test('not before it has what the rekey units of the other have ahead of their sources', async () => {
    const house = await rekeyed();
    await house.store(old, 0, 11, {
      topic: rekeyTopicOf(old),
      mark: { partition: 0, offset: 10, n: 0 },
    });
    const takeover = house.takeover(next);
    await takeover.look();
    expect(house.active()).toBe(1);
    await house.store(next, 0, 11);
    await takeover.look();
    expect(house.active()).toBe(2);
  });

  test('not when its rekey topic was not made yet', async () => {
    const house = await rekeyed();
    house.ends.delete(rekeyTopicOf(next));
    await house.takeover(next).look();
    expect(house.active()).toBe(1);
  });
});
