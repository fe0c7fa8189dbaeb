/** What can be dropped from memory, as it is stored elsewhere. */
export interface Droppable {
  /** Whether it was asked for since the hand last passed. */
  used: boolean;
}

/** Decides what goes when memory is short: the clock algorithm, which comes close to dropping what was used least recently. */
export interface SecondChance<T extends Droppable> {
  add(one: T): void;
  /**
   * Drops what was not asked for since it last came by, oldest first, until `enough` says so. What `keep` names stays.
   * Each is looked at twice at most.
   */
  evict(enough: () => boolean, keep: (one: T) => boolean, dropped: (one: T) => void): void;
}

export function createSecondChance<T extends Droppable>(): SecondChance<T> {
  /** The face of a clock. */
  const ring: T[] = [];
  let hand = 0;
  return {
    add: (one) => void ring.push(one),
    evict(enough, keep, dropped) {
      for (let looks = 2 * ring.length; looks > 0 && !enough(); looks--) {
        if (hand >= ring.length) hand = 0;
        const one = ring[hand]!;
        if (one.used || keep(one)) {
          one.used = false;
          hand += 1;
        } else {
          const last = ring.pop()!;
          if (last !== one) ring[hand] = last;
          dropped(one);
        }
      }
    },
  };
}
