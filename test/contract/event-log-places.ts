import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { waitFor } from '../support/wait.ts';
import type { Member } from './event-log-member.ts';
import { createJoining, DEADLINE_MS, keysOf, type Subject, TIMEOUT_MS } from './event-log-subject.ts';

export function placeContract(subject: () => Subject): void {
  describe('the members of its groups', () => {
    const { join } = createJoining(subject);

    test(
      'tell that a position lies beyond the end, deliver nothing of it, and go on from the next start',
      async () => {
        const { newTopic, producer } = subject();
        const topic = await newTopic(1);
        await producer.send([{ topic, key: 'k', value: Buffer.from('0') }]);
        const member = await join({ groupId: randomUUID(), topic, startAt: () => 7 });
        await waitFor(() => member.calls.includes('outOfRange 0'), {
          message: 'the position is told to be out of range',
          timeoutMs: DEADLINE_MS,
        });
        expect(member.texts()).toEqual([]);
        member.consumer.start({ topic, partition: 0 }, 0);
        await waitFor(() => member.texts().length === 1, {
          message: 'the record is delivered',
          timeoutMs: DEADLINE_MS,
        });
        expect(member.failures).toEqual([]);
      },
      TIMEOUT_MS,
    );

    test(
      'move only what must move when a member joins and leaves',
      async () => {
        const topic = await subject().newTopic(8);
        const groupId = randomUUID();
        const first = await join({ groupId, topic });
        const settled = (member: Member, count: number): Promise<unknown> =>
          waitFor(() => member.assigned().length === count, {
            message: `a member has ${count} partitions`,
            timeoutMs: DEADLINE_MS,
          });
        await settled(first, 8);
        const second = await join({ groupId, topic });
        await Promise.all([settled(first, 4), settled(second, 4)]);
        const [own, others] = [first.assigned(), second.assigned()];
        expect([...own, ...others].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        const third = await join({ groupId, topic });
        await Promise.all([settled(third, 2), settled(first, 3), settled(second, 3)]);
        expect(own).toEqual(expect.arrayContaining([...first.assigned()]));
        expect(others).toEqual(expect.arrayContaining([...second.assigned()]));
        await third.consumer.stop();
        await Promise.all([settled(first, 4), settled(second, 4)]);
      },
      TIMEOUT_MS,
    );

    test(
      'put a record into the partition that it names',
      async () => {
        const { newTopic, producer } = subject();
        const topic = await newTopic(3);
        const [key] = keysOf(3);
        const value = Buffer.from('beside');
        expect(await producer.send([{ topic, key: key!, value, partition: 2 }])).toMatchObject([
          { topic, partition: 2 },
        ]);
        const member = await join({ groupId: randomUUID(), topic });
        await waitFor(() => member.texts(2).length === 1, {
          message: 'it is read from there',
          timeoutMs: DEADLINE_MS,
        });
      },
      TIMEOUT_MS,
    );
  });
}
