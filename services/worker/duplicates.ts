import { randomFillSync } from 'node:crypto';

/** Which events the last records of a partition held. */
export interface IdWindow {
  /**
   * Takes a record in, and tells whether one of the offsets before it, as many as the window has, holds the same event of
   * the same key; a duplicate is a record like any other. Offsets grow, with gaps perhaps. One that is not beyond all that
   * were taken in changes nothing, and is answered with false.
   */
  seen(key: string, id: string, offset: number): boolean;
  /** Whether the record at an offset, of the last ones, was this event. */
  holds(key: string, id: string, offset: number): boolean;
}

const MULTIPLIER = 0x01_00_01_93;

/** Of the end of a text, where ids differ. */
const HASHED = 12;
/** What is as long as a UUID says enough by itself: to look at the key as well would cost as much again. */
const TELLING = 32;

/**
 * Hashes by a table of random numbers: a sender that does not know them can hardly choose ids that meet in one bucket, and
 * finds only that they are looked up in a map instead. Two texts are told apart by the length that comes before each.
 */
function createHash(): (key: string, id: string) => number {
  const random = randomFillSync(new Int32Array(512));
  const mix = (from: number, text: string): number => {
    const { length } = text;
    let hash = from ^ length;
    for (let index = length > HASHED ? length - HASHED : 0; index < length; index++) {
      const code = text.charCodeAt(index);
      hash = Math.imul(hash ^ random[code & 0xff]! ^ random[256 + (code >>> 8)]!, MULTIPLIER);
    }
    return hash ^ (hash >>> 15);
  };
  return (key, id) => (id.length < TELLING ? mix(mix(0, id), key) : mix(0, id));
}

/** Records of one hash's neighbourhood that stand together: with their hashes, as many as a line of memory holds. */
const WAYS = 8;
const NUMBERS = 2 * WAYS;
/** Offsets are noted without their highest bits: two that are taken for one are told apart by what stands at their slot. */
const LOW = 0x7f_ff_ff_ff;
/** Once for a record: what an offset may be beyond 31 bits makes it a division of fractions. */
const lowOf = (offset: number): number => (offset <= LOW ? offset : offset % (LOW + 1));
const EMPTY = -1;

/** Enough that they are a third full, and hardly one ever overflows. */
const setsFor = (size: number): number => 2 ** Math.max(0, Math.ceil(Math.log2((3 * size) / WAYS)));

/** Those for which their set had no room; in the order of their offsets. */
interface Overflowing {
  offset: number;
  readonly set: number;
}

/**
 * A function of the log alone: after a claim the records before the position are taken in again.
 *
 * A hash table of our own, because this is done once for every event, and what it costs is looking into memory: a map of
 * joined texts looks into four places and makes garbage, this into one. Whatever is too old is written over. Hashes only
 * say where to look: what makes a duplicate is that key and id are equal.
 */
export function createIdWindow(size: number, hashOf = createHash()): IdWindow {
  const mask = setsFor(size) - 1;
  /** By set: hash and offset of each record. */
  const table = new Int32Array((mask + 1) * NUMBERS).fill(EMPTY);
  // By slot, which each offset has: the record itself.
  const offsets = new Float64Array(size).fill(EMPTY);
  const ids = new Array<string>(size).fill('');
  const keys = new Array<string>(size).fill('');
  const overflow = new Map<string, Overflowing>();
  /** By set: how many of them overflow. */
  const overflowing = new Uint16Array(mask + 1);
  let newest = -1;

  const holds = (key: string, id: string, offset: number): boolean => {
    const slot = offset % size;
    return offsets[slot] === offset && ids[slot] === id && keys[slot] === key;
  };

  const nameOf = (key: string, id: string): string => `${key.length},${key}${id}`;

  /** Takes a record into the overflow of its set, and tells whether it was there. */
  const overflows = (set: number, key: string, id: string, offset: number): boolean => {
    const name = nameOf(key, id);
    const found = overflow.get(name);
    if (found !== undefined) {
      overflow.delete(name);
      overflowing[set]! -= 1;
    }
    overflow.set(name, { offset, set });
    overflowing[set]! += 1;
    for (const [oldest, entry] of overflow) {
      if (offset - entry.offset <= size) break;
      overflow.delete(oldest);
      overflowing[entry.set]! -= 1;
    }
    return found !== undefined && offset - found.offset <= size;
  };

  /** How long ago what stands at a place was taken in, in offsets; `low` is the offset that is taken in now. */
  const ageAt = (at: number, low: number): number => (low - table[at + 1]!) & LOW;

  const isFree = (at: number, low: number): boolean => table[at + 1] === EMPTY || ageAt(at, low) > size;

  /** Where a set has the same event, or else room for it; EMPTY for neither. */
  const find = (set: number, hash: number, low: number, key: string, id: string, offset: number): number => {
    const begin = set * NUMBERS;
    const end = begin + NUMBERS;
    for (let at = begin; at < end; at += 2)
      if (table[at] === hash) {
        const age = ageAt(at, low);
        if (age <= size && holds(key, id, offset - age)) return at;
      }
    for (let at = begin; at < end; at += 2) if (isFree(at, low)) return at;
    return EMPTY;
  };

  return {
    seen(key, id, offset) {
      if (offset <= newest) return false;
      newest = offset;
      const hash = hashOf(key, id);
      const set = hash & mask;
      const low = lowOf(offset);
      const at = find(set, hash, low, key, id, offset);
      const isNew = at === EMPTY || isFree(at, low);
      const slot = offset % size;
      offsets[slot] = offset;
      ids[slot] = id;
      keys[slot] = key;
      if (at === EMPTY || (isNew && overflowing[set]! > 0)) return overflows(set, key, id, offset);
      table[at] = hash;
      table[at + 1] = low;
      return !isNew;
    },
    holds,
  };
}
