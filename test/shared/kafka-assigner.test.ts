import { describe, expect, test } from '@jest/globals';
import kafkajs, { type Cluster } from 'kafkajs';
import { createStickyAssigner, type StickyAssigner } from '../../services/shared/log/kafka-assigner.ts';

const { AssignerProtocol } = kafkajs;
const PARTITIONS: Readonly<Record<string, number>> = { old: 4, new: 4 };

/** Knows, like kafkajs's, only the topics that it was told of. */
function clusterOf(known: readonly string[]): Cluster {
  const targets = new Set(known);
  return {
    addMultipleTargetTopics: async (topics: string[]) => {
      for (const topic of topics) targets.add(topic);
    },
    findTopicPartitionMetadata: (topic: string) =>
      targets.has(topic)
        ? Array.from({ length: PARTITIONS[topic] ?? 0 }, (_, partitionId) => ({ partitionId }))
        : [],
  } as never;
}

interface Joining {
  readonly id: string;
  readonly topics: readonly string[];
  readonly sticky?: StickyAssigner;
  readonly userData?: Buffer;
}

async function assign(leaderTopics: readonly string[], joining: readonly Joining[]) {
  const cluster = clusterOf(leaderTopics);
  const of = (sticky: StickyAssigner) => sticky.assigner({ cluster, groupId: 'g', logger: {} as never });
  const members = joining.map(({ id, topics, sticky, userData = Buffer.alloc(0) }) => ({
    memberId: id,
    memberMetadata:
      sticky === undefined
        ? AssignerProtocol.MemberMetadata.encode({ version: 1, topics: [...topics], userData })
        : of(sticky).protocol({ topics: [...topics] }).metadata,
  }));
  const assigned = await of(createStickyAssigner()).assign({ members, topics: [...leaderTopics] });
  return new Map(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      AssignerProtocol.MemberAssignment.decode(memberAssignment)!.assignment,
    ]),
  );
}

function owner(at: number, partitions: Readonly<Record<string, readonly number[]>>): StickyAssigner {
  const sticky = createStickyAssigner(() => at);
  sticky.assigned(partitions);
  return sticky;
}

describe('the assignment of a group', () => {
  test('gives nobody a topic that it does not subscribe to, whatever the leader subscribes to', async () => {
    const given = await assign(
      ['old'],
      [
        { id: 'a', topics: ['old'] },
        { id: 'b', topics: ['old', 'new'] },
      ],
    );
    expect(given.get('a')).toEqual({ old: expect.any(Array) });
    expect([...given.get('b')!.new!].sort()).toEqual([0, 1, 2, 3]);
    expect([...given.get('a')!.old!, ...(given.get('b')!.old ?? [])].sort()).toEqual([0, 1, 2, 3]);
  });

  test('leaves with each member what it had, and moves only what a newcomer must get', async () => {
    const given = await assign(
      ['old'],
      [
        { id: 'c', topics: ['old'] },
        { id: 'a', topics: ['old'], sticky: owner(1, { old: [1, 3] }) },
        { id: 'b', topics: ['old'], sticky: owner(1, { old: [0, 2] }) },
      ],
    );
    const kept = [...given.get('a')!.old!, ...given.get('b')!.old!];
    expect(given.get('c')!.old).toHaveLength(1);
    for (const partition of given.get('a')!.old!) expect([1, 3]).toContain(partition);
    expect(kept).toHaveLength(3);
  });

  test('believes the later of two members that claim the same partitions', async () => {
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const given = await assign(
        ['old'],
        [
          { id: first, topics: ['old'], sticky: owner(1, { old: [0, 1] }) },
          { id: second, topics: ['old'], sticky: owner(2, { old: [0, 1] }) },
        ],
      );
      expect([...given.get(second)!.old!].sort()).toEqual([0, 1]);
    }
  });

  test.each([
    ['none', Buffer.alloc(0)],
    ['of another kind', Buffer.from([0, 1, 2])],
    ['of another shape', Buffer.from('{"at":"x","partitions":null}')],
  ])('takes members whose word of what they had is %s', async (_name, userData) => {
    const given = await assign(
      ['old'],
      [
        { id: 'a', topics: ['old'], userData },
        { id: 'b', topics: ['old'], userData },
      ],
    );
    expect([...given.values()].map((assignment) => assignment.old!.length)).toEqual([2, 2]);
  });

  test.each([
    [
      'cannot be asked for',
      { addMultipleTargetTopics: () => Promise.reject(new Error('no metadata')) },
      /^no metadata/,
    ],
    ['are not there', { findTopicPartitionMetadata: () => [] }, /^the partitions of old are not known/],
  ])('is none at all when partitions %s', async (_name, broken, message) => {
    const cluster = { ...clusterOf(['old']), ...broken } as Cluster;
    const { assigner } = createStickyAssigner();
    const made = assigner({ cluster, groupId: 'g', logger: {} as never });
    const { metadata } = made.protocol({ topics: ['old'] });
    const members = [{ memberId: 'a', memberMetadata: metadata }];
    await expect(made.assign({ members, topics: ['old'] })).rejects.toThrow(message);
  });
});
