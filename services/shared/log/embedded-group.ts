import { type Assignment, assignSticky } from './assign-sticky.ts';
import type { TopicPartition } from './port.ts';

/** What the coordinator tells a member; both are synchronous. */
interface GroupMember {
  readonly topics: readonly string[];
  assign(partitions: readonly TopicPartition[]): void;
  revoke(): void;
}

interface Group {
  readonly members: GroupMember[];
  assignment: Assignment<GroupMember>;
  rebalancing: boolean;
}

export interface Groups {
  join(groupId: string, member: GroupMember): void;
  leave(groupId: string, member: GroupMember): void;
}

/**
 * The consumer groups of one process. Whoever joins or leaves causes one rebalance for all that do so in the same turn
 * of the event loop: everybody is revoked, and only then is anybody assigned, so that no partition has two readers.
 */
export function createGroups(partitionCount: (topic: string) => number): Groups {
  const groups = new Map<string, Group>();

  const rebalance = (groupId: string, group: Group): void => {
    group.rebalancing = false;
    const { members } = group;
    if (members.length === 0) {
      groups.delete(groupId);
      return;
    }
    const topics = [...new Set(members.flatMap((member) => member.topics))].sort();
    const partitions = topics.flatMap((topic) =>
      Array.from({ length: partitionCount(topic) }, (_, partition) => ({ topic, partition })),
    );
    const next = assignSticky(partitions, members, group.assignment);
    group.assignment = next;
    for (const member of [...members]) member.revoke();
    for (const [member, own] of next) if (members.includes(member)) member.assign(own);
  };
  const schedule = (groupId: string, group: Group): void => {
    if (group.rebalancing) return;
    group.rebalancing = true;
    setImmediate(() => rebalance(groupId, group));
  };

  return {
    join(groupId, member) {
      const group: Group = groups.get(groupId) ?? { members: [], assignment: new Map(), rebalancing: false };
      groups.set(groupId, group);
      group.members.push(member);
      schedule(groupId, group);
    },
    leave(groupId, member) {
      const group = groups.get(groupId);
      const index = group?.members.indexOf(member) ?? -1;
      if (group === undefined || index < 0) return;
      group.members.splice(index, 1);
      schedule(groupId, group);
    },
  };
}
