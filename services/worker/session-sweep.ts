import type { StateEntry } from '../shared/state/port.ts';
import { isSessionField } from '../shared/state-key.ts';
import { DAY_MS, type Sessions } from './sessions.ts';

export interface SessionSweepDeps {
  readonly sessions: Pick<Sessions, 'logTime' | 'isOver' | 'remove'>;
  /** Everything that the store has of the unit, in pages. */
  readonly entries: () => AsyncIterable<readonly StateEntry[]>;
  /** The texts of fields of the unit, in one round trip. */
  readonly readMany: (fields: readonly string[]) => Promise<readonly (string | null)[]>;
  /** When the log appended the record before the claim, in milliseconds; null when that is not known. */
  readonly since: number | null;
}

export interface SessionSweep {
  /**
   * Looks at one page, if a sweep is due or under way, and has at most 200 fields removed by the next checkpoint. For idle
   * time, one after another, and never while events are being taken in. Rejects when the store does not answer.
   */
  step(): Promise<void>;
}

const MOST_REMOVED = 200;

const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/**
 * Removes sessions that no event can need any more, once a day of the log. Nobody sees whether it ran: whoever reads a
 * session forgets what is over.
 */
export function createSessionSweep(deps: SessionSweepDeps): SessionSweep {
  const { sessions } = deps;
  let sweptDay = deps.since === null ? null : dayOf(deps.since);
  let pages: AsyncIterator<readonly StateEntry[]> | null = null;
  const found: string[] = [];

  const isDue = (logTime: number): boolean => {
    const day = dayOf(logTime);
    sweptDay ??= day;
    if (day <= sweptDay) return false;
    sweptDay = day;
    return true;
  };

  const look = async (from: AsyncIterator<readonly StateEntry[]>): Promise<void> => {
    const page = await from.next();
    if (page.done === true) pages = null;
    else
      for (const { field, value } of page.value)
        if (isSessionField(field) && sessions.isOver(value)) found.push(field);
  };

  return {
    async step() {
      const { logTime } = sessions;
      if (pages === null && logTime !== null && isDue(logTime))
        pages = deps.entries()[Symbol.asyncIterator]();
      if (found.length === 0 && pages !== null) await look(pages);
      const some = found.splice(0, MOST_REMOVED);
      // A page may be as old as the sweep, so what it told is read again.
      if (some.length > 0) sessions.remove(some, await deps.readMany(some));
    },
  };
}
