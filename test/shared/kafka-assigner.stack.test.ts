import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT_MS = 120_000;
const DEADLINE_MS = 45_000;
const OLD = [0, 1, 2, 3];
/** More than of the old topic, so that balance alone would give some of them to whoever does not know it. */
const NEW = [0, 1, 2, 3, 4, 5];

describeOnStack('a group on Kafka in the middle of a deployment that adds a topic', () => {
  let house: KafkaHouse;
  beforeAll(async () => {
    house = await openKafkaHouse({ brokers: stack().brokers });
  });
  afterEach(() => house.leave());
  afterAll(() => house.close());
  const wait = (message: string, condition: () => boolean) =>
    waitFor(condition, { message, timeoutMs: DEADLINE_MS });

  // Whoever was there first leads: the broker makes nobody else the leader as long as that member stays.
  test.each([
    ['the old version', true],
    ['the new version', false],
  ])(
    'has an owner for every partition, and only members that know a topic own its partitions, led by %s',
    async (_, oldLeads) => {
      const [groupId, old, added] = [
        randomUUID(),
        await house.newTopic(OLD.length),
        await house.newTopic(NEW.length),
      ];
      const joinFormer = () => house.join({ groupId, topic: old });
      const joinLatter = () => house.join({ groupId, topic: old, others: [added] });
      const first = await (oldLeads ? joinFormer() : joinLatter());
      await wait('the first has all', () => first.assigned(old).length === OLD.length);
      const second = await (oldLeads ? joinLatter() : joinFormer());
      const [former, latter] = oldLeads ? [first, second] : [second, first];
      const owned = (): number => former.assigned().length + latter.assigned().length;
      await wait('they share', () => second.assigned().length > 0 && owned() === OLD.length + NEW.length);
      expect(former.assigned(added)).toEqual([]);
      expect(latter.assigned(added)).toEqual(NEW);
      expect(former.assigned(old)).toEqual(OLD);
      expect(latter.assigned(old)).toEqual([]);

      const append = async (text: string): Promise<void> => {
        for (const partition of OLD) await house.append(old, partition, [`${text} old ${partition}`]);
        for (const partition of NEW) await house.append(added, partition, [`${text} new ${partition}`]);
      };
      const ofOld = (text: string) => OLD.map((partition) => `${text} old ${partition}`);
      const ofNew = (text: string) => NEW.map((partition) => `${text} new ${partition}`);
      await append('both');
      await wait('the records arrive', () => former.texts().length + latter.texts().length === owned());
      expect(former.texts().toSorted()).toEqual(ofOld('both'));
      expect(latter.texts().toSorted()).toEqual(ofNew('both'));

      await former.consumer.stop();
      await append('one');
      const rest = [...ofOld('both'), ...ofOld('one'), ...ofNew('one')];
      await wait('the other has all', () => rest.every((text) => latter.texts().includes(text)));
      expect([latter.assigned(old), latter.assigned(added)]).toEqual([OLD, NEW]);
      expect([...former.failures, ...latter.failures]).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
