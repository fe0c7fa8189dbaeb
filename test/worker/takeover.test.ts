import { describe, expect, test } from '@jest/globals';
import { createVersionHouse, type VersionHouse, versionOfM } from '../support/version-house.ts';

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

  test('not when it is further behind than ten seconds and five looks: what is shown would be too old', async () => {
    const house = await deployed();
    const takeover = house.takeover(v2);
    for (let next = 1_000; next <= 3_000; next += 100) {
      for (const partition of [0, 1]) {
        await house.store(v1, partition, next);
        await house.store(v2, partition, next - 600);
      }
      await takeover.look();
      house.clock += 2_500;
    }
    expect(house.active()).toBe(1);
  });

  test('though a look takes so long that ten seconds pass in between', async () => {
    const house = await deployed();
    const takeover = house.takeover(v2);
    for (let next = 20; next <= 60; next += 10) {
      for (const partition of [0, 1]) {
        await house.store(v1, partition, next);
        await house.store(v2, partition, next - 5);
      }
      await takeover.look();
      house.clock += 20_000;
    }
    expect(house.active()).toBe(2);
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
    // The new one is claimed already, the others count anew only later.
    await house.claim(v2, 2, 0);
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
