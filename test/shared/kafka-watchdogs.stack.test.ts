import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import runner from 'kafkajs/src/consumer/runner.js';
import { type KafkaHouse, openKafkaHouse } from '../support/kafka-member.ts';
import { describeOnStack, stack } from '../support/stack.ts';
import { waitFor } from '../support/wait.ts';

// The faults of kafkajs are played at its fetches, on a real broker: everything else goes its way.

const TIMEOUT_MS = 120_000;
const DEADLINE_MS = 60_000;
const STUCK_MS = 2_000;
const LONG_SESSION_MS = 30_000;

const { fetch } = runner.prototype;
type Fetch = typeof fetch;

const nothing = (_: number): ReturnType<Fetch> => new Promise((resolve) => setTimeout(resolve, 100, []));

describeOnStack('the watchdogs of a member on Kafka', () => {
  let house: KafkaHouse;
  /** What the next fetches do instead of fetching. */
  let fault: Fetch | null = null;
  beforeAll(async () => {
    const { brokers } = stack();
    house = await openKafkaHouse({ brokers, stuckMs: STUCK_MS, sessionTimeoutMs: LONG_SESSION_MS });
    runner.prototype.fetch = function played(nodeId) {
      return (fault ?? fetch).call(this, nodeId);
    };
  });
  afterEach(async () => {
    fault = null;
    await house.leave();
  });
  afterAll(async () => {
    runner.prototype.fetch = fetch;
    await house.close();
  });
  const wait = (message: string, condition: () => boolean) =>
    waitFor(condition, { message, timeoutMs: DEADLINE_MS });
  const assignments = (calls: readonly string[]): number =>
    calls.filter((call) => call === 'assigned').length;

  test(
    'begin anew when records are there and none arrives, and go on where they were',
    async () => {
      const topic = await house.newTopic(1);
      let next = 0;
      const member = await house.join({
        topic,
        startAt: () => next,
        onBatch({ records }) {
          next = records.at(-1)!.offset + 1;
        },
      });
      await house.append(topic, 0, ['a']);
      await wait('the first arrives', () => member.texts().length === 1);
      let played = 0;
      fault = (nodeId) => {
        played += 1;
        return nothing(nodeId);
      };
      await wait('no real fetch is under way', () => played > 0);
      await house.append(topic, 0, ['b']);
      await wait('it begins anew', () => member.calls.includes('revoked'));
      fault = null;
      await wait('it goes on', () => member.texts().length === 2);
      expect(member.texts()).toEqual(['a', 'b']);
      expect(member.calls).toEqual(['assigned', 'revoked', 'assigned']);
      expect(member.failures).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'have failed, once, when beginning anew does not help',
    async () => {
      const topic = await house.newTopic(1);
      await house.append(topic, 0, ['a']);
      fault = nothing;
      const member = await house.join({ topic });
      await wait('it fails', () => member.failures.length > 0);
      expect(member.failures[0]!.message).toMatch(/5 times in vain.* from 0 to 1, but none arrives/);
      expect(assignments(member.calls)).toBe(6);
      expect(member.calls.at(-1)).toBe('revoked');
      expect(member.failures).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  test(
    'leave alone what is at the end, paused, or still in hand',
    async () => {
      const topic = await house.newTopic(3);
      let release = (): void => undefined;
      const member = await house.join({
        topic,
        async onBatch({ partition }) {
          if (partition !== 2) return;
          await new Promise<void>((resolve) => {
            release = resolve;
          });
        },
      });
      await wait('it is there', () => member.caughtUp(0).length > 0);
      member.consumer.pause({ topic, partition: 1 });
      await house.append(topic, 1, ['paused']);
      const startedAt = Date.now();
      await wait('time passes', () => Date.now() - startedAt > 3 * STUCK_MS);
      // Held up behind a batch in hand, for less than a batch may take.
      await house.append(topic, 2, ['in hand']);
      await wait('it is in hand', () => member.texts(2).length === 1);
      await house.append(topic, 0, ['behind it']);
      const heldAt = Date.now();
      await wait('time passes', () => Date.now() - heldAt > 0.75 * STUCK_MS);
      release();
      await wait('what was behind it arrives', () => member.texts(0).length === 1);
      member.consumer.resume({ topic, partition: 1 });
      await wait('what was paused arrives', () => member.texts(1).length === 1);
      expect(member.calls).toEqual(['assigned']);
      expect(member.failures).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'begin anew when a batch hangs, and have failed when it hangs for longer than that',
    async () => {
      const topic = await house.newTopic(1);
      let release = (): void => undefined;
      const member = await house.join({
        topic,
        onBatch: () =>
          new Promise<void>((resolve) => {
            release = resolve;
          }),
      });
      await house.append(topic, 0, ['a']);
      await wait('it begins anew', () => member.calls.includes('revoked'));
      expect(member.failures).toEqual([]);
      release();
      await wait('it is given anew', () => member.texts().length === 2);
      await wait('it has failed', () => member.failures.length > 0);
      expect(member.failures[0]!.message).toMatch(/a batch hangs that it was given before/);
      release();
    },
    TIMEOUT_MS,
  );

  test(
    'let a batch take as long as it takes, if it gets on',
    async () => {
      const topic = await house.newTopic(1);
      let steps = 0;
      let release = (): void => undefined;
      const member = await house.join({
        topic,
        progress: () => Math.floor(steps++ / 2),
        onBatch: () =>
          new Promise<void>((resolve) => {
            release = resolve;
          }),
      });
      await house.append(topic, 0, ['a']);
      await wait('it is in hand', () => member.texts().length === 1);
      const heldAt = Date.now();
      await wait('time passes', () => Date.now() - heldAt > 3 * STUCK_MS);
      release();
      await house.append(topic, 0, ['b']);
      await wait('it goes on', () => member.texts().length === 2);
      release();
      expect(member.calls).toEqual(['assigned']);
      expect(member.failures).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'begin anew after a crash that kafkajs does not come back from',
    async () => {
      const topic = await house.newTopic(1);
      const member = await house.join({ topic });
      await wait('it is there', () => member.caughtUp(0).length > 0);
      for (const error of [
        new kafkajs.KafkaJSNonRetriableError('cannot be retried'),
        new TypeError('undefined is no function'),
      ]) {
        const before = assignments(member.calls);
        fault = () => Promise.reject(error);
        await wait(`it ends by ${error.name}`, () => member.calls.at(-1) === 'revoked');
        fault = null;
        await wait('it is back', () => assignments(member.calls) > before);
        const told = member.caughtUp(0).length;
        await wait('it gets on', () => member.caughtUp(0).length > told);
      }
      await house.append(topic, 0, ['a']);
      await wait('it reads', () => member.texts().length === 1);
      expect(member.failures).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    'hand their partitions on as they leave, long before their session runs out',
    async () => {
      const topic = await house.newTopic(4);
      const groupId = topic;
      const [first, second] = [await house.join({ topic, groupId }), await house.join({ topic, groupId })];
      await wait('they share', () => first.assigned().length === 2 && second.assigned().length === 2);
      await first.consumer.stop();
      await waitFor(() => second.assigned().length === 4, {
        message: 'the second has all',
        timeoutMs: LONG_SESSION_MS / 3,
      });
      for (const partition of [0, 1, 2, 3]) await house.append(topic, partition, ['a']);
      await wait('it reads them', () => second.texts().length === 4);
    },
    TIMEOUT_MS,
  );
});
