/** Characters of states that one read should give: a small part of what a store sends before its answer counts as late. */
const READ_LENGTH = 4 * 1_048_576;
/** Of the largest states that there are by default, these are twice as much. */
const FIRST_READ = 8;
/** How much larger than all before a read may be: what those were like says little about many more. */
const GROWTH = 8;
/** Of so many states the average is told: sizes change as a class goes on. */
const REMEMBERED = 256;
/** How much less is asked for where the store did not answer. */
const SHRINKING = 4;

/** How many states of a unit to ask the store for at once, by how large those are that it gave so far. */
export interface ReadSize {
  readonly most: number;
  /** So many states were read, of so many characters together. */
  learn(states: number, length: number): void;
  /** So many were asked for, and did not come. */
  failed(states: number): void;
}

/**
 * Lasts for all claims of a unit in a process. Reads begin small and grow to what holds 4 MiB, as far as states are like
 * those that were read before: of small ones, a whole batch's. Where they are not, a read may be larger; if it is too
 * large for an answer in time, the next is smaller, so that no batch is read in vain again and again.
 */
export function createReadSize(): ReadSize {
  let known = 0;
  let average = 0;
  return {
    get most() {
      if (known === 0) return FIRST_READ;
      return Math.max(1, Math.min(GROWTH * known, READ_LENGTH / Math.max(1, average)));
    },
    learn(states, length) {
      if (states === 0) return;
      const remembered = Math.min(known, REMEMBERED);
      average = (average * remembered + length) / (remembered + states);
      known += states;
    },
    failed(states) {
      if (states === 0) return;
      // As if all had been so large: what is read from now on tells whether they are.
      average = Math.max(average, (SHRINKING * READ_LENGTH) / states);
      known += REMEMBERED;
    },
  };
}
