import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../shared/clock.ts';

export interface PaceDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** Whether a checkpoint is due. */
  readonly isDue: (now: number) => boolean;
  readonly cut: () => Promise<void>;
}

/** Sees between events to what must not wait for the end of a batch: checkpoints, and the process's other tasks. */
export interface Pace {
  /** Others had their turn until now. */
  begin(now: number): void;
  /**
   * An event is through. Gives a promise only when something is due, and looks at the clock, which costs as much as a
   * fast event's bookkeeping, after some events only; `waited` after one that took turns, and is looked at anyway.
   */
  between(waited: boolean): Promise<void> | undefined;
}

/** Reducing for longer without a break would keep the process from its heartbeats, and its stores' answers waiting. */
const TURN_MS = 50;
/** How long events should take from one look at the clock to the next. */
const STRETCH_MS = 25;
/** So that events which suddenly take half a second each still cost no answer of the store its few seconds. */
const MOST_EVENTS = 8;

export function createPace({ clock, isDue, cut }: PaceDeps): Pace {
  let events = 0;
  /** How many to let pass before the next look. Nothing is known yet of what the first takes. */
  let stretch = 1;
  let lookedAt = 0;
  let turnedAt = 0;

  const begin = (now: number): void => {
    events = 0;
    lookedAt = now;
    turnedAt = now;
  };
  const adapt = (now: number): void => {
    const took = now - lookedAt;
    if (took > STRETCH_MS) stretch = Math.max(1, Math.floor((events * STRETCH_MS) / took));
    else if (2 * took <= STRETCH_MS) stretch = Math.min(MOST_EVENTS, 2 * stretch);
    events = 0;
    lookedAt = now;
  };
  const rest = async (now: number, mustTurn: boolean): Promise<void> => {
    if (isDue(now)) await cut();
    if (!mustTurn) return;
    await turn();
    begin(clock.now());
  };

  return {
    begin,
    between(waited) {
      events += 1;
      if (events < stretch && !waited) return undefined;
      const now = clock.now();
      adapt(now);
      const mustTurn = now - turnedAt > TURN_MS;
      return mustTurn || isDue(now) ? rest(now, mustTurn) : undefined;
    },
  };
}
