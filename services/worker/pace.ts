/** Reducing for longer without a break would keep the process from its heartbeats, and its stores' answers waiting. */
const TURN_MS = 50;
/** How long events should take from one look at the clock to the next. */
const STRETCH_MS = 25;
/** So that events which suddenly take half a second each still cost no answer of the store its few seconds. */
const MOST_EVENTS = 8;

/**
 * Tells how often to look at the clock between events, which costs as much as a fast event's bookkeeping: after each of
 * slow ones, after some of fast ones.
 */
export interface Pace {
  /** An event is through: whether the clock is to be looked at now. */
  passed(): boolean;
  /** It was looked at: whether others must have their turn first. */
  looked(now: number): boolean;
  /** Others had their turn. */
  turned(now: number): void;
}

export function createPace(): Pace {
  let events = 0;
  /** How many to let pass before the next look. Nothing is known yet of what the first takes. */
  let stretch = 1;
  let lookedAt = 0;
  let turnedAt = 0;

  return {
    passed() {
      events += 1;
      return events >= stretch;
    },
    looked(now) {
      const took = now - lookedAt;
      if (took > STRETCH_MS) stretch = Math.max(1, Math.floor((events * STRETCH_MS) / took));
      else if (2 * took <= STRETCH_MS) stretch = Math.min(MOST_EVENTS, 2 * stretch);
      events = 0;
      lookedAt = now;
      return now - turnedAt > TURN_MS;
    },
    turned(now) {
      events = 0;
      lookedAt = now;
      turnedAt = now;
    },
  };
}
