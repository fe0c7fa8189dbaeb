/** The rounds of a play, by number from 0. */
export interface Rounds extends Iterable<number> {
  /** How many were begun. */
  readonly played: number;
}

/** As many rounds as are wanted, or fewer: once time is over, none begins but the first. */
export function createRounds(wanted: number, isOver: () => boolean = () => false): Rounds {
  let played = 0;
  return {
    get played() {
      return played;
    },
    *[Symbol.iterator]() {
      while (played < wanted && (played === 0 || !isOver())) yield played++;
    },
  };
}
