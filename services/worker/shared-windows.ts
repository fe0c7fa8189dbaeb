import { keyOf } from '../shared/log/partition-key.ts';
import type { TopicPartition } from '../shared/log/port.ts';
import { createIdWindow, type IdWindow } from './duplicates.ts';

/** A claim's view of which events the last records of its partition held. */
export interface ClaimWindow extends Pick<IdWindow, 'seen'> {
  /** The claim is over. */
  close(): void;
}

export interface SharedWindows {
  /** For a claim that takes in every record of a partition from an offset on. */
  open(at: TopicPartition, from: number): ClaimWindow;
}

/** How far a claim may be behind the first of those that it shares with, and still be answered. */
const TOLD = 262_144;

/** What was taken in from one offset on, and which of the last records were duplicates. */
interface Line {
  readonly window: IdWindow;
  readonly from: number;
  /** One bit for each of the last offsets. */
  readonly duplicates: Int32Array;
  newest: number;
}

/**
 * Several modules of a process read the same partition, and what is a duplicate there is a function of the log alone: so
 * it is found out once. Whoever is first takes a record in, the others are told what became of it.
 *
 * A claim begins with a window of its own, unless it is the first. It joins where it meets a record that the shared one
 * holds too, which shows that it is the same log, and that knows all that its own would: from then on they cannot differ.
 */
export function createSharedWindows(
  size: number,
  told = TOLD,
  hashOf?: Parameters<typeof createIdWindow>[1],
): SharedWindows {
  /** By partition: the line that others join; null when nobody is known to be at one. */
  const common = new Map<string, { line: Line | null }>();
  const commonOf = (at: TopicPartition): { line: Line | null } => {
    const known = common.get(keyOf(at));
    if (known !== undefined) return known;
    const none = { line: null };
    common.set(keyOf(at), none);
    return none;
  };

  const begin = (from: number): Line => ({
    window: createIdWindow(size, hashOf),
    from,
    duplicates: new Int32Array(Math.ceil(told / 32)),
    newest: -1,
  });

  const take = (line: Line, key: string, id: string, offset: number): boolean => {
    const place = offset % told;
    const bit = 1 << (place & 31);
    if (offset > line.newest) {
      const isDuplicate = line.window.seen(key, id, offset);
      line.newest = offset;
      if (isDuplicate) line.duplicates[place >>> 5]! |= bit;
      else line.duplicates[place >>> 5]! &= ~bit;
      return isDuplicate;
    }
    if (line.newest - offset >= told)
      throw new Error('other modules are so far ahead that nothing is shared with them any more');
    return (line.duplicates[place >>> 5]! & bit) !== 0;
  };

  return {
    open(at, from) {
      const shared = commonOf(at);
      let mine: Line | null = null;
      let last = -1;

      /** The line that is right for a record, and that of others if it is. */
      const choose = (key: string, id: string, offset: number): Line => {
        const other = shared.line;
        if (other !== null && other === mine) return other;
        if (other === null) {
          shared.line = mine ?? begin(from);
          return shared.line;
        }
        const knowsEnough = other.from <= from || other.from <= offset - size;
        const isRight = knowsEnough && other.window.holds(key, id, offset);
        return isRight ? other : (mine ?? begin(from));
      };

      return {
        seen(key, id, offset) {
          if (offset <= last) return false;
          mine = choose(key, id, offset);
          last = offset;
          return take(mine, key, id, offset);
        },
        close() {
          // Whoever else has it makes it the shared one again.
          if (shared.line === mine) shared.line = null;
        },
      };
    },
  };
}
