import type { Erasure, NumberedErasure } from '../control/erasure-record.ts';
import { hashOfKey } from '../partition.ts';
import { erasedName, learnerHash } from './learner-hash.ts';

/** A learner of whom something is erased. */
export interface ErasedLearner {
  /** Stands for the id wherever what was erased, or came after it, is counted as a duplicate. */
  readonly name: string;
  /** What was received before it is erased: microseconds since 1970. */
  readonly before: number;
  /** Of the last erasure of the learner, as of `count`. */
  readonly number: number;
}

/** The learners that are erased, as far as this process has read the control topic. */
export interface Erasures {
  /** How many erasures there were: the number of the last one. */
  readonly count: number;
  /** Of the last one, which the next takes over, so that a learner has one hash; null before the first. */
  readonly salt: string | null;
  /** Null for a learner of whom nothing is erased: for all, almost always. */
  of(learner: string): ErasedLearner | null;
  /** The last of each learner, of those that came after the one with this number. */
  after(number: number): readonly NumberedErasure[];
}

export interface KeptErasures extends Erasures {
  /** Why it must not be decided, with the remedy; null when it may be. */
  refusal(record: Erasure): string | null;
  take(record: Erasure): void;
  /** Of each learner the last, with the latest time. */
  copy(): readonly NumberedErasure[];
  restore(given: readonly NumberedErasure[]): void;
}

/** About 500 bytes each. */
const MOST = 100_000;
/** Learners for whom the hash is known. */
const MAX_KNOWN = 50_000;

/**
 * What becomes of a key is looked up for every event once something is erased: so it is kept for those that came last,
 * and most others are told by the hash that their partition is made of.
 */
export function createErasures(most = MOST): KeptErasures {
  const byLearner = new Map<string, NumberedErasure>();
  const salts = new Set<string>();
  const keyHashes = new Set<number>();
  const known = new Map<string, ErasedLearner | null>();
  let count = 0;
  let salt: string | null = null;

  const put = (one: NumberedErasure): void => {
    byLearner.set(one.learner, one);
    salts.add(one.salt);
    keyHashes.add(one.keyHash);
    count = Math.max(count, one.number);
    salt = one.salt;
    known.clear();
  };

  const find = (learner: string): ErasedLearner | null => {
    if (!keyHashes.has(hashOfKey(learner))) return null;
    for (const each of salts) {
      const one = byLearner.get(learnerHash(each, learner));
      if (one !== undefined) return { name: erasedName(one.learner), before: one.before, number: one.number };
    }
    return null;
  };

  return {
    get count() {
      return count;
    },
    get salt() {
      return salt;
    },
    of(learner) {
      if (count === 0) return null;
      const before = known.get(learner);
      if (before !== undefined) return before;
      if (known.size >= MAX_KNOWN) known.clear();
      const found = find(learner);
      known.set(learner, found);
      return found;
    },
    after: (number) => [...byLearner.values()].filter((one) => one.number > number),
    refusal({ learner }) {
      if (byLearner.size < most || byLearner.has(learner)) return null;
      return `${byLearner.size} learners are erased in this namespace, and no more can be: start over in a new namespace (LECTERN_NAMESPACE)`;
    },
    take(record) {
      const standing = byLearner.get(record.learner);
      // One that was published twice says the same twice.
      if (standing?.id === record.id) return;
      const before = Math.max(record.before, standing?.before ?? 0);
      byLearner.delete(record.learner);
      put({ ...record, before, number: count + 1 });
    },
    copy: () => [...byLearner.values()],
    restore(given) {
      for (const one of given) put(one);
    },
  };
}

/** Of whom nothing is erased: for what no learner has records in. */
export const NO_ERASURES: Erasures = { count: 0, salt: null, of: () => null, after: () => [] };

/** Whether an event is, that was received at `receivedAt`, in microseconds. */
export function isErased(learner: ErasedLearner | null, receivedAt: number): boolean {
  return learner !== null && receivedAt < learner.before;
}
