import { randomFillSync } from 'node:crypto';

/** Which events the last records of a partition held. */
export interface IdWindow {
  /**
   * Takes a record in, and tells whether one of the offsets before it, as many as the window has, holds the same event of
   * the same key; a duplicate is a record like any other. Offsets grow, with gaps perhaps. One that is not beyond all that
   * were taken in changes nothing, and is answered with false.
   */
  seen(key: string, id: string, offset: number): boolean;
}

const NONE = -1;
const MULTIPLIER = 0x01_00_01_93;

/**
 * Hashes by a table of random numbers: a sender that does not know them cannot choose ids that meet in one bucket. The
 * two texts are told apart by the length that comes before each.
 */
function createHash(): (key: string, id: string) => number {
  const random = randomFillSync(new Int32Array(512));
  const mix = (from: number, text: string): number => {
    const { length } = text;
    let hash = from ^ length;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      hash = Math.imul(hash ^ random[code & 0xff]! ^ random[256 + (code >>> 8)]!, MULTIPLIER);
    }
    return hash ^ (hash >>> 15);
  };
  return (key, id) => mix(mix(0, id), key);
}

/** Enough buckets that most hold one record or none. */
function bucketsFor(size: number): number {
  return 2 ** Math.ceil(Math.log2(2 * size));
}

/**
 * A function of the log alone: after a claim the records before the position are taken in again.
 *
 * A hash table of our own, because this is done once for every event: a map of joined texts costs three times as much,
 * most of it for the garbage collector. Each offset has its slot, so the oldest record makes room by itself. Hashes only
 * say where to look: what makes a duplicate is that key and id are equal.
 */
export function createIdWindow(size = 10_000, hashOf = createHash()): IdWindow {
  const mask = bucketsFor(size) - 1;
  /** By bucket: the slot of its newest record. */
  const heads = new Int32Array(mask + 1).fill(NONE);
  // By slot; there is one at most for each event of a key.
  const older = new Int32Array(size).fill(NONE);
  const hashes = new Int32Array(size);
  const offsets = new Float64Array(size).fill(NONE);
  const ids = new Array<string>(size).fill('');
  const keys = new Array<string>(size).fill('');
  let newest = NONE;

  const remove = (slot: number): void => {
    const bucket = hashes[slot]! & mask;
    offsets[slot] = NONE;
    if (heads[bucket] === slot) {
      heads[bucket] = older[slot]!;
      return;
    }
    let newer = heads[bucket]!;
    while (older[newer] !== slot) newer = older[newer]!;
    older[newer] = older[slot]!;
  };

  const find = (hash: number, key: string, id: string): number => {
    let slot = heads[hash & mask]!;
    while (slot !== NONE && !(hashes[slot] === hash && ids[slot] === id && keys[slot] === key))
      slot = older[slot]!;
    return slot;
  };

  return {
    seen(key, id, offset) {
      if (offset <= newest) return false;
      newest = offset;
      const hash = hashOf(key, id);
      const same = find(hash, key, id);
      const isDuplicate = same !== NONE && offset - offsets[same]! <= size;
      // One record stands for all of its event: a sender that repeats itself makes no bucket longer.
      if (same !== NONE) remove(same);
      const slot = offset % size;
      if (offsets[slot] !== NONE) remove(slot);
      const bucket = hash & mask;
      hashes[slot] = hash;
      offsets[slot] = offset;
      ids[slot] = id;
      keys[slot] = key;
      older[slot] = heads[bucket]!;
      heads[bucket] = slot;
      return isDuplicate;
    },
  };
}
