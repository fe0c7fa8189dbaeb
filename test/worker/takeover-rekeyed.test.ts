import { describe, expect, test } from '@jest/globals';
import { createVersionHouse, rekeyTopicOf, type VersionHouse, versionOfM } from '../support/version-house.ts';

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
