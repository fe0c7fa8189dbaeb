export interface Waiting {
  readonly checkpointMs: number;
  /** Whether the log has more than what was read. */
  readonly isBehind: boolean;
  /** How many events came since the last checkpoint, which stay in memory until the next. */
  readonly events: number;
  /** How old the newest of them is, in milliseconds. */
  readonly ageMs: number;
}

/** A unit that is behind has more to do than to be fresh. */
const BEHIND_TIMES = 4;
const BEHIND_EVENTS = 2_000;
/** Of what is that old, a little more is not noticed. */
const OLD_MS = 10_000;
const OLD_TIMES = 16;

/** How long what changed may go without a checkpoint, in milliseconds: a key that changes again until then is written once. */
export function longestWait({ checkpointMs, isBehind, events, ageMs }: Waiting): number {
  if (!isBehind || events >= BEHIND_EVENTS) return checkpointMs;
  return checkpointMs * (ageMs > OLD_MS ? OLD_TIMES : BEHIND_TIMES);
}
