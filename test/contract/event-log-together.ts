import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { waitFor } from '../support/wait.ts';
import type { Member, MemberOptions } from './event-log-member.ts';
import { createJoining, DEADLINE_MS, type Subject, TIMEOUT_MS, texts } from './event-log-subject.ts';

/** What holds for consumers of one process that read the same partitions, each in a group of its own. */
export function togetherContract(subject: () => Subject): void {
  describe('its consumers of several groups', () => {
    const { members, join: joinGroup } = createJoining(subject);
    const join = (options: Omit<MemberOptions, 'groupId'>): Promise<Member> =>
      joinGroup({ groupId: `contract-${randomUUID()}`, ...options });
    const append = (topic: string, partition: number, values: readonly string[]): Promise<unknown> =>
      subject().producer.send(
        values.map((text) => ({ topic, partition, key: 'k', value: Buffer.from(text) })),
      );
    const wait = (what: string, condition: () => boolean) =>
      waitFor(condition, { message: what, timeoutMs: DEADLINE_MS });
    const hasAll = (some: readonly Member[], count: number, partition = 0) =>
      wait(`all of them have ${count} of ${partition}`, () =>
        some.every((member) => member.texts(partition).length >= count),
      );

    test(
      'each get every record once and in order, whenever they begin and from where',
      async () => {
        const topic = await subject().newTopic(2);
        for (const partition of [0, 1]) await append(topic, partition, texts(0, 1_000));
        const first = await join({ topic });
        const second = await join({ topic, startAt: () => 500 });
        for (let from = 1_000; from < 3_000; from += 500)
          for (const partition of [0, 1]) await append(topic, partition, texts(from, from + 500));
        const third = await join({ topic });
        for (let from = 3_000; from < 5_000; from += 500)
          for (const partition of [0, 1]) await append(topic, partition, texts(from, from + 500));
        for (const partition of [0, 1]) {
          await hasAll([first, third], 5_000, partition);
          await hasAll([second], 4_500, partition);
        }
        // Those who are all at the end are given the same.
        for (let one = 5_000; one < 5_020; one++) {
          await append(topic, 0, [String(one)]);
          await hasAll([first, third], one + 1);
        }
        await hasAll([second], 4_520);
        for (const member of [first, third]) {
          expect(member.texts(0)).toEqual(texts(0, 5_020));
          expect(member.texts(1)).toEqual(texts(0, 5_000));
        }
        expect(second.texts(0)).toEqual(texts(500, 5_020));
        for (const { failures } of members) expect(failures).toEqual([]);
        await wait('all are told that they are at the end', () =>
          members.every((member) => member.caughtUp(0).at(-1) === 5_020),
        );
      },
      TIMEOUT_MS,
    );

    test(
      'do not wait for one that is slow, which gets all the same',
      async () => {
        const topic = await subject().newTopic(1);
        let release = (): void => undefined;
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        let isSlow = false;
        const slow = await join({ topic, onBatch: () => (isSlow ? released : undefined) });
        const others = [await join({ topic }), await join({ topic })];
        await append(topic, 0, texts(0, 10));
        await hasAll([slow, ...others], 10);
        isSlow = true;
        for (let from = 10; from < 60; from += 10) {
          await append(topic, 0, texts(from, from + 10));
          await hasAll(others, from + 10);
        }
        expect(slow.batches.at(-1)!.records.at(-1)!.offset).toBeLessThan(59);
        release();
        await hasAll([slow], 60);
        for (const member of [slow, ...others]) expect(member.texts()).toEqual(texts(0, 60));
      },
      TIMEOUT_MS,
    );

    test(
      'go on whichever of them is paused, begins elsewhere, or leaves',
      async () => {
        const topic = await subject().newTopic(1);
        const at = { topic, partition: 0 };
        const all = [await join({ topic }), await join({ topic }), await join({ topic })];
        await append(topic, 0, texts(0, 10));
        await hasAll(all, 10);
        let count = 10;
        for (const paused of all) {
          const others = all.filter((member) => member !== paused);
          paused.consumer.pause(at);
          await append(topic, 0, texts(count, count + 10));
          await hasAll(others, count + 10);
          expect(paused.texts()).toHaveLength(count);
          paused.consumer.resume(at);
          await hasAll([paused], count + 10);
          count += 10;
        }
        all[0]!.consumer.start(at, 20);
        await append(topic, 0, texts(count, count + 10));
        await hasAll(all.slice(1), count + 10);
        await wait('it reads from there', () => all[0]!.texts().at(-1) === String(count + 9));
        expect(all[0]!.texts().slice(count)).toEqual(texts(20, count + 10));
        count += 10;
        for (const leaving of [all[1]!, all[0]!]) {
          await leaving.consumer.stop();
          await append(topic, 0, texts(count, count + 10));
          count += 10;
          await hasAll([all[2]!], count);
        }
        expect(all[2]!.texts()).toEqual(texts(0, count));
      },
      TIMEOUT_MS,
    );
  });
}
