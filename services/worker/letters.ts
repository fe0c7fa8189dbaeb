import type { DeadLetter, DeadLetterKey, Unit } from '../shared/state/port.ts';
import { nameOf } from '../shared/state/unit-meta.ts';
import type { Refusal } from './refusal.ts';
import type { UnitWatch } from './unit-watch.ts';
import type { Verdicts } from './verdicts.ts';

/** What a checkpoint is to say of dead letters. */
export interface TakenLetters {
  readonly deadLetters: readonly DeadLetter[];
  readonly closed: readonly DeadLetterKey[];
  /** To be called when the checkpoint is stored, with how many events it has: only then anybody is told of its letters. */
  readonly stored: (events: number) => void;
}

/** The dead letters of a claimed unit: which are open, and what the next checkpoint says of them. */
export interface Letters {
  /** How many of those that were open at the claim, or are stored since, count for the breaker. */
  readonly counting: number;
  /** How many wait for the next checkpoint. */
  readonly waiting: number;
  /** About how many bytes they have. */
  readonly waitingBytes: number;
  isOpen(reducer: string, offset: number): boolean;
  /**
   * Opens one, or replaces what an open one says. `requeued`: its record stands again further on, as a person wished;
   * so until it is refused there too, it does not count.
   */
  open(reducer: string, offset: number, refusal: Pick<Refusal, 'reason' | 'stack'>, requeued?: boolean): void;
  /** Closes one; nothing happens when it is not open. */
  close(reducer: string, offset: number): void;
  /** What waits, which from now on does not. */
  take(): TakenLetters;
}

export interface LettersDeps {
  readonly unit: Unit;
  readonly version: number;
  /** Those that are open in the store. */
  readonly stored: readonly DeadLetterKey[];
  readonly verdicts: Pick<Verdicts, 'of'>;
  readonly watch: Pick<UnitWatch, 'letterOpened' | 'letterClosed' | 'stored'>;
}

/** What a letter says besides its reason and stack. */
const LETTER_BYTES = 300;

const sizeOf = ({ reason, stack }: Pick<DeadLetter, 'reason' | 'stack'>): number =>
  LETTER_BYTES + reason.length + (stack?.length ?? 0);

export function createLetters({ unit, version, stored, verdicts, watch }: LettersDeps): Letters {
  /** The open ones, and whether each counts. */
  const names = new Map<string, boolean>();
  let counting = 0;
  let opening = new Map<string, DeadLetter>();
  let closing = new Map<string, DeadLetterKey>();
  let openingBytes = 0;
  // Since the last `take`: what is to be told when it is stored.
  let changes: (() => void)[] = [];
  let made = 0;
  let more = 0;

  for (const key of stored) {
    // Whether it was refused again since is not known; whoever requeued it knows of it.
    const counts = verdicts.of(key.reducer, key.offset)?.why !== 'requeue';
    names.set(nameOf(key), counts);
    if (counts) counting += 1;
  }

  const setOpening = (name: string, letter: DeadLetter | null): void => {
    const before = opening.get(name);
    if (before !== undefined) openingBytes -= sizeOf(before);
    if (letter === null) opening.delete(name);
    else {
      openingBytes += sizeOf(letter);
      opening.set(name, letter);
    }
  };

  return {
    get counting() {
      return counting;
    },
    get waiting() {
      return opening.size + closing.size;
    },
    get waitingBytes() {
      return openingBytes + LETTER_BYTES * closing.size;
    },
    isOpen: (reducer, offset) => names.has(nameOf({ reducer, offset })),
    open(reducer, offset, { reason, stack }, requeued = false) {
      const { topic, partition } = unit;
      const name = nameOf({ reducer, offset });
      const letter = { reducer, version, topic, partition, offset, reason };
      const counted = names.get(name);
      names.set(name, !requeued);
      closing.delete(name);
      setOpening(name, stack === undefined ? letter : { ...letter, stack });
      if (counted === undefined) changes.push(() => watch.letterOpened(unit, reducer));
      if (!requeued && counted !== true) made += 1;
      more += Number(!requeued) - Number(counted === true);
    },
    close(reducer, offset) {
      const name = nameOf({ reducer, offset });
      const counted = names.get(name);
      if (counted === undefined) return;
      names.delete(name);
      setOpening(name, null);
      closing.set(name, { reducer, offset });
      changes.push(() => watch.letterClosed(unit, reducer));
      if (counted) more -= 1;
    },
    take() {
      const told = changes;
      const counted = { letters: made, more };
      const taken: TakenLetters = {
        deadLetters: [...opening.values()],
        closed: [...closing.values()],
        stored(events) {
          for (const tell of told) tell();
          counting += counted.more;
          watch.stored(unit, { events, letters: counted.letters, open: counting });
        },
      };
      opening = new Map();
      openingBytes = 0;
      closing = new Map();
      changes = [];
      made = 0;
      more = 0;
      return taken;
    },
  };
}
