import { afterEach } from '@jest/globals';
import type { EventLog, Producer } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { joinGroup, type Member, type MemberOptions } from './event-log-member.ts';

/** What the parts of the contract of `EventLog` are tried on, and what they have in common. */

export interface Subject {
  readonly log: EventLog;
  readonly producer: Producer;
  readonly newTopic: (partitions: number) => Promise<string>;
}

/** Joining, leaving and taking over take seconds on a broker. */
export const TIMEOUT_MS = 90_000;
export const DEADLINE_MS = 40_000;

export const texts = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => String(from + n));

/** A key of each partition. */
export function keysOf(partitions: number): readonly string[] {
  const candidates = Array.from({ length: 1_000 }, (_, n) => `key-${n}`);
  return Array.from(
    { length: partitions },
    (_, partition) => candidates.find((key) => partitionOf(key, partitions) === partition)!,
  );
}

export interface Joining {
  /** Those of the test that runs. */
  readonly members: readonly Member[];
  join(options: MemberOptions): Promise<Member>;
}

/** Within a `describe`: its tests join members, which leave after each. */
export function createJoining(subject: () => Subject): Joining {
  const members: Member[] = [];
  afterEach(async () => {
    await Promise.all(members.splice(0).map(({ consumer }) => consumer.stop()));
  });
  return {
    members,
    async join(options) {
      const member = await joinGroup(subject().log, options);
      members.push(member);
      return member;
    },
  };
}
