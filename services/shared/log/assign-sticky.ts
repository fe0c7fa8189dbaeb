import { keyOf } from './partition-key.ts';
import type { TopicPartition } from './port.ts';

/** Who owned what, or owns what: partitions by member. */
export type Assignment<M> = ReadonlyMap<M, readonly TopicPartition[]>;

/**
 * Shares partitions among the members that subscribe to their topic. Loads differ by one at most where subscriptions
 * allow it, and a partition stays with its owner unless balance needs it elsewhere.
 */
export function assignSticky<M extends { readonly topics: readonly string[] }>(
  partitions: readonly TopicPartition[],
  members: readonly M[],
  previous: Assignment<M>,
): Assignment<M> {
  const owned = new Map<M, TopicPartition[]>(members.map((member) => [member, []]));
  const ownerBefore = new Map(
    [...previous].flatMap(([member, own]) => own.map((at) => [keyOf(at), member] as const)),
  );
  const loadOf = (member: M): number => owned.get(member)!.length;
  const leastLoaded = (topic: string): M | undefined =>
    members
      .filter((member) => member.topics.includes(topic))
      .reduce<M | undefined>(
        (best, member) => (best === undefined || loadOf(member) < loadOf(best) ? member : best),
        undefined,
      );

  const free: TopicPartition[] = [];
  for (const at of partitions) {
    const owner = ownerBefore.get(keyOf(at));
    const stays = owner !== undefined && owned.has(owner) && owner.topics.includes(at.topic);
    (stays ? owned.get(owner)! : free).push(at);
  }
  for (const at of free) {
    const owner = leastLoaded(at.topic);
    if (owner !== undefined) owned.get(owner)!.push(at);
  }
  // A move goes to a member with at least two fewer, so every move makes the loads more even, and this ends.
  const findMove = (): { from: M; to: M; at: TopicPartition } | undefined => {
    for (const from of [...members].sort((a, b) => loadOf(b) - loadOf(a)))
      for (const at of owned.get(from)!.toReversed()) {
        const to = leastLoaded(at.topic)!;
        if (loadOf(from) - loadOf(to) >= 2) return { from, to, at };
      }
    return undefined;
  };
  for (let move = findMove(); move !== undefined; move = findMove()) {
    owned.get(move.from)!.splice(owned.get(move.from)!.indexOf(move.at), 1);
    owned.get(move.to)!.push(move.at);
  }
  return owned;
}
