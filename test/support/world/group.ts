import { assignSticky } from '../../../services/shared/log/assign-sticky.ts';
import { keyOf } from '../../../services/shared/log/partition-key.ts';
import type { TopicPartition } from '../../../services/shared/log/port.ts';
import type { Schedule } from './schedule.ts';

/** What the members of a round are told at its end. */
export interface Joined {
  readonly memberId: string;
  readonly generation: number;
  readonly partitions: readonly TopicPartition[];
}

export type Pulse = 'ok' | 'rebalancing' | 'unknown';

/** A consumer group as its coordinator keeps it. Members call it from afar, and may be late. */
export interface Group {
  /** Takes part in a round, under a new id when the old one is not known any more. */
  join(memberId: string | null, topics: readonly string[], joined: (round: Joined) => void): void;
  heartbeat(memberId: string, generation: number): Pulse;
  /** Whether a member of this generation may still write the group's offset. */
  commit(memberId: string, generation: number, at: TopicPartition, next: number): boolean;
  leave(memberId: string): void;
  /** A round for no reason. */
  rebalance(): void;
  readonly committed: ReadonlyMap<string, number>;
}

export interface GroupOptions {
  readonly schedule: Schedule;
  readonly partitionsOf: (topic: string) => readonly TopicPartition[];
  readonly sessionMs: number;
  /** How long a round waits for members that do not come. */
  readonly rebalanceMs: number;
}

interface Member {
  readonly id: string;
  topics: readonly string[];
  /** Set while it waits for the end of a round. */
  waiting: ((round: Joined) => void) | null;
  cancelExpiry: () => void;
}

export function createGroup(options: GroupOptions): Group {
  const { schedule } = options;
  const members = new Map<string, Member>();
  const committed = new Map<string, number>();
  let assignment: ReadonlyMap<string, readonly TopicPartition[]> = new Map();
  let generation = 0;
  let joins = 0;
  let joining = false;
  let cancelDeadline = (): void => undefined;

  const finish = (): void => {
    cancelDeadline();
    for (const member of [...members.values()]) if (member.waiting === null) members.delete(member.id);
    generation += 1;
    joining = false;
    const all = [...members.values()];
    const previous = new Map(all.map((member) => [member, assignment.get(member.id) ?? []]));
    const topics = new Set(all.flatMap((member) => member.topics));
    const partitions = [...topics].flatMap((topic) => options.partitionsOf(topic));
    const shared = assignSticky(partitions, all, previous);
    assignment = new Map([...shared].map(([member, own]) => [member.id, own]));
    for (const member of all) {
      const tell = member.waiting!;
      member.waiting = null;
      renew(member);
      tell({ memberId: member.id, generation, partitions: assignment.get(member.id)! });
    }
  };
  const finishIfComplete = (): void => {
    if (joining && [...members.values()].every(({ waiting }) => waiting !== null)) finish();
  };
  const begin = (): void => {
    if (joining) return;
    joining = true;
    cancelDeadline = schedule.after(options.rebalanceMs, finish);
  };
  const remove = (member: Member): void => {
    member.cancelExpiry();
    if (!members.delete(member.id)) return;
    begin();
    finishIfComplete();
  };
  /** Who waits for a round is known to be there. */
  const renew = (member: Member): void => {
    member.cancelExpiry();
    member.cancelExpiry = schedule.after(options.sessionMs, () => {
      if (member.waiting === null && members.get(member.id) === member) remove(member);
    });
  };
  const isCurrent = (id: string, ofGeneration: number): boolean =>
    members.has(id) && ofGeneration === generation;

  return {
    committed,
    join(memberId, topics, joined) {
      const known = memberId === null ? undefined : members.get(memberId);
      const member = known ?? { id: `m${++joins}`, topics, waiting: null, cancelExpiry: () => undefined };
      members.set(member.id, member);
      member.topics = topics;
      member.waiting = joined;
      begin();
      // A moment for others that come at the same time.
      schedule.after(schedule.random.integer(0, 30), finishIfComplete);
    },
    heartbeat(memberId, ofGeneration) {
      const member = members.get(memberId);
      if (member === undefined || !isCurrent(memberId, ofGeneration)) return 'unknown';
      renew(member);
      return joining ? 'rebalancing' : 'ok';
    },
    commit(memberId, ofGeneration, at, next) {
      if (!isCurrent(memberId, ofGeneration)) return false;
      if (!assignment.get(memberId)!.some((own) => keyOf(own) === keyOf(at))) return false;
      committed.set(keyOf(at), next);
      return true;
    },
    leave(memberId) {
      const member = members.get(memberId);
      if (member !== undefined) remove(member);
    },
    rebalance() {
      if (members.size > 0) begin();
    },
  };
}
