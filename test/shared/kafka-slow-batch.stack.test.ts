import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

const TIMEOUT_MS = 90_000;
const DEADLINE_MS = 40_000;
/** The shortest that a broker allows. */
const SESSION_MS = 6_000;

describeOnStack('members on Kafka', () => {
  let house: KafkaHouse;
  beforeAll(async () => {
    house = await openKafkaHouse({ brokers: stack().brokers, sessionTimeoutMs: SESSION_MS });
  });
  afterEach(() => house.leave());
  afterAll(() => house.close());

  const wait = (message: string, condition: () => boolean) =>
    waitFor(condition, { message, timeoutMs: DEADLINE_MS });

  test.each([
    ['one that reads alone', 1],
    ['each of those that share what one of them fetches', 3],
  ])(
    'keep what they have while a batch takes longer than a session: %s',
    async (_, count) => {
      const topic = await house.newTopic(1);
      let release = (): void => undefined;
      let work: Promise<void> | undefined;
      const joining = Array.from({ length: count }, () => house.join({ topic, onBatch: () => work }));
      const members = await Promise.all(joining);
      const haveAll = (records: number) =>
        wait(`all have ${records}`, () => members.every((member) => member.texts().length === records));
      await house.append(topic, 0, ['a']);
      await haveAll(1);
      work = new Promise((resolve) => {
        release = resolve;
      });
      await house.append(topic, 0, ['slow']);
      await haveAll(2);
      const slowAt = Date.now();
      await wait('a session passes', () => Date.now() - slowAt > 1.5 * SESSION_MS);
      work = undefined;
      release();
      await house.append(topic, 0, ['b']);
      await haveAll(3);
      for (const member of members) {
        expect(member.texts()).toEqual(['a', 'slow', 'b']);
        expect(member.calls).toEqual(['assigned']);
        expect(member.failures).toEqual([]);
      }
    },
    TIMEOUT_MS,
  );
});
