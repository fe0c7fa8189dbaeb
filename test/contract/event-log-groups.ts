import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { waitFor } from '../support/wait.ts';
import type { Member, MemberOptions } from './event-log-member.ts';
import { createJoining, DEADLINE_MS, keysOf, type Subject, TIMEOUT_MS, texts } from './event-log-subject.ts';

export function groupContract(subject: () => Subject): void {
  describe('its consumer groups', () => {
    const { join } = createJoining(subject);
    /** Appends numbers as texts to one partition of a topic. */
    const append = async (
      topic: string,
      partitions: number,
      partition: number,
      values: readonly string[],
    ) => {
      const key = keysOf(partitions)[partition]!;
      await subject().producer.send(values.map((text) => ({ topic, key, value: Buffer.from(text) })));
    };
    const wait = (what: string, condition: () => boolean | Promise<boolean>) =>
      waitFor(condition, { message: what, timeoutMs: DEADLINE_MS });
    const newGroup = (): string => `contract-${randomUUID()}`;

    test(
      'nothing of a partition is delivered before it is started',
      async () => {
        const topic = await subject().newTopic(2);
        for (const partition of [0, 1]) await append(topic, 2, partition, texts(0, 10));
        const half = await join({
          groupId: newGroup(),
          topic,
          startAt: ({ partition }) => (partition === 1 ? 4 : null),
        });
        await wait('the started partition arrived', () => half.texts(1).length >= 6);
        const other = await join({ groupId: newGroup(), topic });
        await wait('another group has all', () => other.texts().length >= 20);
        expect(half.assigned()).toEqual([0, 1]);
        expect(half.texts(0)).toEqual([]);
        expect(half.texts(1)).toEqual(texts(4, 10));
        half.consumer.start({ topic, partition: 0 }, 8);
        await wait('the other partition arrived', () => half.texts(0).length >= 2);
        expect(half.texts(0)).toEqual(texts(8, 10));
      },
      TIMEOUT_MS,
    );

    test(
      'every partition arrives in order, in batches that follow one another and never overlap',
      async () => {
        const topic = await subject().newTopic(3);
        const underWay = new Set<number>();
        let overlaps = 0;
        let release = (): void => undefined;
        const allAppended = new Promise<void>((resolve) => {
          release = resolve;
        });
        const member = await join({
          groupId: newGroup(),
          topic,
          async onBatch({ partition }) {
            if (underWay.has(partition)) overlaps += 1;
            underWay.add(partition);
            await allAppended;
            await new Promise(setImmediate);
            underWay.delete(partition);
          },
        });
        await wait('it is assigned', () => member.assigned().length === 3);
        for (let first = 0; first < 2_000; first += 500)
          for (const partition of [0, 1, 2]) await append(topic, 3, partition, texts(first, first + 500));
        release();
        await wait('all arrived', () => member.texts().length >= 6_000);
        for (const partition of [0, 1, 2]) {
          expect(member.texts(partition)).toEqual(texts(0, 2_000));
          let next = 0;
          for (const batch of member.batches.filter((one) => one.partition === partition)) {
            expect(batch.records.map(({ offset }) => offset)).toEqual(batch.records.map((_, n) => next + n));
            next += batch.records.length;
            expect(batch.endOffset).toBeGreaterThanOrEqual(next);
          }
        }
        expect(overlaps).toBe(0);
        expect(member.failures).toEqual([]);
      },
      TIMEOUT_MS,
    );

    test(
      'a seek, backwards or forwards, is where reading goes on, also out of a batch',
      async () => {
        const topic = await subject().newTopic(1);
        await append(topic, 1, 0, texts(0, 20));
        let seeks = 0;
        const member: Member = await join({
          groupId: newGroup(),
          topic,
          onBatch: ({ records }) => {
            if (records.at(-1)!.offset === 19 && seeks++ === 0)
              member.consumer.start({ topic, partition: 0 }, 15);
          },
        });
        await wait('the seek out of the batch', () => member.texts().length >= 25);
        expect(member.texts()).toEqual([...texts(0, 20), ...texts(15, 20)]);
        await wait('it is caught up', () => member.caughtUp(0).length > 0);
        member.consumer.start({ topic, partition: 0 }, 18);
        await wait('the seek back', () => member.texts().length >= 27);
        expect(member.texts().slice(25)).toEqual(texts(18, 20));
      },
      TIMEOUT_MS,
    );

    test(
      'a paused partition waits, the others go on, and it resumes without a gap',
      async () => {
        const topic = await subject().newTopic(2);
        for (const partition of [0, 1]) await append(topic, 2, partition, texts(0, 5));
        const member = await join({ groupId: newGroup(), topic });
        await wait('the first ones', () => member.texts().length >= 10);
        member.consumer.pause({ topic, partition: 0 });
        for (const partition of [0, 1]) await append(topic, 2, partition, texts(5, 10));
        await wait('the other partition went on', () => member.texts(1).length >= 10);
        await append(topic, 2, 1, texts(10, 15));
        await wait('and on', () => member.texts(1).length >= 15);
        expect(member.texts(0)).toEqual(texts(0, 5));
        member.consumer.resume({ topic, partition: 0 });
        await wait('the paused one went on', () => member.texts(0).length >= 10);
        expect(member.texts(0)).toEqual(texts(0, 10));
      },
      TIMEOUT_MS,
    );

    test(
      'a group resumes where its mirrored offset says',
      async () => {
        const { log } = subject();
        const [topic, groupId] = [await subject().newTopic(2), newGroup()];
        expect(await log.mirrored(groupId, topic)).toEqual(new Map());
        await append(topic, 2, 1, texts(0, 10));
        const first = await join({ groupId, topic });
        await wait('the first ones', () => first.texts().length >= 10);
        await wait('the mirror is accepted', () => first.consumer.mirror({ topic, partition: 1 }, 7));
        await first.consumer.stop();
        const mirrored = await log.mirrored(groupId, topic);
        expect(mirrored).toEqual(new Map([[1, 7]]));
        expect(await log.mirrored(newGroup(), topic)).toEqual(new Map());
        const second = await join({
          groupId,
          topic,
          startAt: ({ partition }) => mirrored.get(partition) ?? 0,
        });
        await wait('the rest', () => second.texts().length >= 3);
        expect(second.texts()).toEqual(texts(7, 10));
      },
      TIMEOUT_MS,
    );

    test(
      'a second member takes some partitions, and all when the first leaves',
      async () => {
        const [topic, groupId] = [await subject().newTopic(4), newGroup()];
        const next = new Map<number, number>();
        const options: MemberOptions = {
          groupId,
          topic,
          startAt: ({ partition }) => next.get(partition) ?? 0,
          onBatch: ({ partition, records }) => void next.set(partition, records.at(-1)!.offset + 1),
        };
        const appendToAll = async (from: number, to: number) => {
          for (const partition of [0, 1, 2, 3]) await append(topic, 4, partition, texts(from, to));
        };
        await appendToAll(0, 5);
        const first = await join(options);
        await wait('the first has all', () => first.texts().length >= 20);
        const second = await join(options);
        const split = () => first.assigned().length === 2 && second.assigned().length === 2;
        await wait('they share', split);
        expect([...first.assigned(), ...second.assigned()].sort()).toEqual([0, 1, 2, 3]);
        expect(first.calls).toEqual(expect.arrayContaining(['assigned', 'revoked', 'assigned']));
        for (const { calls } of [first, second])
          for (const [n, call] of calls.entries()) expect(call).toBe(n % 2 === 0 ? 'assigned' : 'revoked');
        const [lost, kept] = [second.assigned(), first.assigned()];
        expect(await first.consumer.mirror({ topic, partition: lost[0]! }, 5)).toBe(false);
        expect((await subject().log.mirrored(groupId, topic)).has(lost[0]!)).toBe(false);
        await wait('an owner mirrors', () => first.consumer.mirror({ topic, partition: kept[0]! }, 5));
        await appendToAll(5, 8);
        await wait('both got theirs', () => first.texts().length + second.texts().length >= 32);
        for (const partition of lost) expect(second.texts(partition)).toEqual(texts(5, 8));
        for (const partition of kept) expect(first.texts(partition)).toEqual(texts(0, 8));

        await first.consumer.stop();
        expect(first.calls.at(-1)).toBe('revoked');
        await wait('the second has all', () => second.assigned().length === 4);
        await appendToAll(8, 9);
        await wait('it reads all', () => [0, 1, 2, 3].every((p) => second.texts(p).at(-1) === '8'));
        for (const partition of kept) expect(second.texts(partition)).toEqual(['8']);
        expect(first.texts().length).toBe(26);
        expect(await first.consumer.mirror({ topic, partition: kept[0]! }, 9)).toBe(false);
      },
      TIMEOUT_MS,
    );

    test(
      'a member at the end is told so, and again while nothing comes',
      async () => {
        const topic = await subject().newTopic(2);
        await append(topic, 2, 0, texts(0, 3));
        const member = await join({ groupId: newGroup(), topic });
        await wait('caught up with both', () => [0, 1].every((p) => member.caughtUp(p).length >= 3));
        expect(new Set(member.caughtUp(0))).toEqual(new Set([3]));
        expect(new Set(member.caughtUp(1))).toEqual(new Set([0]));
        await append(topic, 2, 1, texts(0, 2));
        await wait('caught up with the new ones', () => member.caughtUp(1).at(-1) === 2);
        expect(member.texts(1)).toEqual(texts(0, 2));
      },
      TIMEOUT_MS,
    );
  });
}
