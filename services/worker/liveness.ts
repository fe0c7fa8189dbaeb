import type { Clock } from '../shared/clock.ts';
import type { UnitRunner } from './unit-runner.ts';

export interface LivenessDeps {
  readonly clock: Pick<Clock, 'now'>;
  /** How long a unit may have something to do and not get on, in milliseconds; longer than any one step of it takes. */
  readonly stillMs: number;
  /** See `UnitLag.of`. */
  readonly lagOf: (unit: UnitRunner) => number | null;
  /** A unit was claimed anew because it hung. */
  readonly restarted: () => void;
  /** That did not help, again and again. */
  readonly failed: (error: Error) => void;
}

/**
 * Watches that each unit gets on: one that has records, or is being claimed, or has work in hand, and shows no sign of life.
 * Whatever it hangs at is left behind, and it is claimed anew. One that waits for another unit is only named, and so is
 * one that gets on, but loses its claim again and again before anything is stored: to claim it anew is what it does.
 */
export interface Liveness {
  /** To be called again and again, more often than every few seconds. */
  look(units: readonly UnitRunner[]): void;
  /** For how long the unit has not got on, or stored nothing, in words; null when all is well. */
  troubleOf(unit: UnitRunner): string | null;
}

interface Seen {
  progress: number;
  since: number;
  /** Since the unit last got beyond `position`. */
  restarts: number;
  position: number | null;
  /** Since when it has lost its claims and stored nothing; null when it has not. */
  losingSince: number | null;
}

/** Between two looks; longer means that the process was frozen, and time in which nothing can get on does not count. */
const LONGEST_LOOK_MS = 5_000;
const MAX_RESTARTS = 3;
/** A claim may be lost for many reasons, all of them passing. */
const MANY_LOSSES = 3;

export function createLiveness(deps: LivenessDeps): Liveness {
  const { clock, stillMs } = deps;
  let seen = new Map<UnitRunner, Seen>();
  let lookedAt = clock.now();

  const isHeld = ({ state }: UnitRunner): boolean => ['paused', 'stopped', 'suspended'].includes(state);
  const isAtRest = (unit: UnitRunner): boolean =>
    isHeld(unit) || (!unit.isBusy && (deps.lagOf(unit) ?? 0) === 0);

  const isStill = ({ since }: Seen): boolean => clock.now() - since >= stillMs;
  const inSeconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

  const fail = ({ at, trouble, state }: UnitRunner): void =>
    deps.failed(
      new Error(
        `${at.topic}/${at.partition} hangs (${trouble ?? state}), and to claim it anew did not help ${MAX_RESTARTS} times`,
      ),
    );
  const restart = (unit: UnitRunner, { since }: Seen): void => {
    unit.restart(`it has not got on for ${inSeconds(clock.now() - since)} while ${unit.state}`);
    deps.restarted();
  };

  const losingSince = (unit: UnitRunner): number | null =>
    isHeld(unit) || unit.status.lost === null ? null : (seen.get(unit)?.losingSince ?? clock.now());

  const begin = (unit: UnitRunner): Seen => ({
    progress: unit.status.progress,
    since: clock.now(),
    restarts: 0,
    position: unit.position,
    losingSince: null,
  });

  const progressOf = (unit: UnitRunner): Seen => {
    const before = seen.get(unit);
    if (before === undefined || isAtRest(unit)) return begin(unit);
    // Claimed anew it gets on at first, and may then hang at the same again.
    const isBeyond = before.position !== null && unit.position !== null && unit.position > before.position;
    if (isBeyond) return begin(unit);
    const position = before.position ?? unit.position;
    if (unit.status.progress !== before.progress)
      return { ...begin(unit), restarts: before.restarts, position };
    if (!isStill(before) || unit.status.waitsFor !== null) return before;
    if (before.restarts === MAX_RESTARTS) fail(unit);
    else restart(unit, before);
    return { ...begin(unit), restarts: Math.min(before.restarts + 1, MAX_RESTARTS), position };
  };

  const lookAt = (unit: UnitRunner): Seen => {
    const losing = losingSince(unit);
    return { ...progressOf(unit), losingSince: losing };
  };

  const troubleOfLosing = ({ status: { lost } }: UnitRunner, since: number | null): string | null => {
    if (lost === null || since === null) return null;
    const ms = clock.now() - since;
    if (lost.times < MANY_LOSSES || ms < stillMs) return null;
    return (
      `has stored nothing for ${inSeconds(ms)}, in ${lost.times} attempts, of which the last came to this: ` +
      `${lost.because}; see that the store takes what it is sent, and that no other process claims the unit`
    );
  };

  return {
    look(units) {
      const now = clock.now();
      if (now - lookedAt > LONGEST_LOOK_MS)
        for (const one of seen.values()) {
          one.since = now;
          if (one.losingSince !== null) one.losingSince = now;
        }
      lookedAt = now;
      seen = new Map(units.map((unit) => [unit, lookAt(unit)]));
    },
    troubleOf(unit) {
      const found = seen.get(unit);
      if (found === undefined) return null;
      if (found.restarts === 0 && !isStill(found)) return troubleOfLosing(unit, found.losingSince);
      const { waitsFor } = unit.status;
      const waiting = waitsFor === null || waitsFor === unit.trouble ? '' : `: it ${waitsFor}`;
      const anew = found.restarts > 0 ? `, and was claimed anew ${found.restarts} times` : '';
      return `has not got on for ${inSeconds(clock.now() - found.since)} while ${unit.state}${anew}${waiting}`;
    },
  };
}
