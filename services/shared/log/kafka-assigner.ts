import kafkajs, { type Cluster, type GroupMember, type PartitionAssigner } from 'kafkajs';
import { LecternError } from '../errors.ts';
import { assignSticky } from './assign-sticky.ts';
import type { TopicPartition } from './port.ts';

const { AssignerProtocol } = kafkajs;
const NAME = 'LecternSticky';
const VERSION = 1;

/** What a member says of itself when it joins: which partitions it had, and when it got them, in milliseconds. */
interface Owned {
  readonly at: number;
  readonly partitions: Readonly<Record<string, readonly number[]>>;
}

export interface StickyAssigner {
  /** For `partitionAssigners` of one consumer. */
  readonly assigner: PartitionAssigner;
  /** Takes note of an assignment, for the next time that the member joins. */
  assigned(partitions: Readonly<Record<string, readonly number[]>>): void;
}

interface Member {
  readonly id: string;
  readonly topics: readonly string[];
  readonly owned: Owned;
}

const NOTHING: Owned = { at: 0, partitions: {} };

/** A member of another kind, or another version, owned nothing that is known. */
function parseOwned(userData: Buffer): Owned {
  try {
    const owned = JSON.parse(userData.toString()) as Partial<Owned>;
    const isOurs = typeof owned.at === 'number' && typeof owned.partitions === 'object';
    return isOurs && owned.partitions !== null ? (owned as Owned) : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** By id, so that whoever leads comes to the same; of two that claim a partition the one that got it later has it. */
function readMembers(members: readonly GroupMember[]): Member[] {
  return members
    .map(({ memberId, memberMetadata }) => {
      const decoded = AssignerProtocol.MemberMetadata.decode(memberMetadata);
      return {
        id: memberId,
        topics: decoded?.topics ?? [],
        owned: parseOwned(decoded?.userData ?? Buffer.alloc(0)),
      };
    })
    .sort((a, b) => a.owned.at - b.owned.at || (a.id < b.id ? -1 : 1));
}

const listOf = (partitions: Owned['partitions']): TopicPartition[] =>
  Object.entries(partitions).flatMap(([topic, numbers]) =>
    Array.isArray(numbers) ? numbers.map((partition: number) => ({ topic, partition })) : [],
  );

/**
 * The leader may lead members that subscribe to topics which it does not, in the middle of a deployment. Rejects when it
 * cannot know the partitions of one: a group that is given too little looks as if it were well.
 */
async function partitionsOf(cluster: Cluster, topics: readonly string[]): Promise<TopicPartition[]> {
  await cluster.addMultipleTargetTopics([...topics]);
  return topics.flatMap((topic) => {
    const partitions = cluster.findTopicPartitionMetadata(topic);
    if (partitions.length === 0)
      throw new LecternError('UNKNOWN_TOPIC', `the partitions of ${topic} are not known`);
    return partitions.map(({ partitionId }) => ({ topic, partition: partitionId }));
  });
}

/**
 * Assigns partitions to members so that only those move that must, for balance or because their topic is not subscribed
 * to any more (trap 7), and each member gets of its own topics alone, whatever the leader subscribes to (trap 9).
 * The members' subscriptions and what they had come with their joining, in the protocol of consumer groups.
 */
export function createStickyAssigner(now: () => number = Date.now): StickyAssigner {
  let owned: Owned = NOTHING;
  return {
    assigned(partitions) {
      owned = { at: now(), partitions };
    },
    assigner: ({ cluster }) => ({
      name: NAME,
      version: VERSION,
      protocol: ({ topics }) => ({
        name: NAME,
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: VERSION,
          topics,
          userData: Buffer.from(JSON.stringify(owned)),
        }),
      }),
      async assign({ members: joined }) {
        const members = readMembers(joined);
        const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
        const before = new Map(members.map((member) => [member, listOf(member.owned.partitions)]));
        const next = assignSticky(await partitionsOf(cluster, topics), members, before);
        return members.map((member) => {
          const assignment: Record<string, number[]> = {};
          for (const { topic, partition } of next.get(member) ?? []) {
            assignment[topic] ??= [];
            assignment[topic].push(partition);
          }
          return {
            memberId: member.id,
            memberAssignment: AssignerProtocol.MemberAssignment.encode({
              version: VERSION,
              assignment,
              userData: Buffer.alloc(0),
            }),
          };
        });
      },
    }),
  };
}
