import type { StateEntry } from '../shared/state/port.ts';
import { withCopies } from './copied-events.ts';
import { createMarks } from './rekey-marks.ts';
import { createSessionSweep, type SessionSweep } from './session-sweep.ts';
import { createSessions, type Sessions } from './sessions.ts';
import type { ClaimWindow } from './shared-windows.ts';

/** How a unit knows that it had a record before. */
export interface DuplicateRules {
  readonly window: ClaimWindow;
  readonly sessions: Sessions;
  readonly sweep: SessionSweep;
}

/** How far apart a record and its duplicate may be, in offsets, when the client numbers nothing. */
export const DUPLICATE_WINDOW = 10_000;

export interface SourceRulesDeps {
  readonly window: ClaimWindow;
  readonly maxBytes: () => number;
  /** Everything that the store has of the unit, in pages. */
  readonly entries: () => AsyncIterable<readonly StateEntry[]>;
  readonly readMany: (fields: readonly string[]) => Promise<readonly (string | null)[]>;
  /** When the log appended the record before the claim, in milliseconds; null when that is not known. */
  readonly since: number | null;
}

/**
 * For what clients send: by ids that were among the last ones, and by the numbers that clients give; and for copies of it
 * by where they were before, too.
 */
export function createSourceRules(deps: SourceRulesDeps): DuplicateRules {
  const sessions = createSessions(deps);
  return {
    window: deps.window,
    sessions: withCopies(sessions),
    sweep: createSessionSweep({ ...deps, sessions }),
  };
}

/** For events under another key: by where they come from. One event stands there under several keys, with one id. */
export function createRekeyRules(): DuplicateRules {
  return {
    window: { seen: () => false, close: () => undefined },
    sessions: createMarks(),
    sweep: { step: () => Promise.resolve() },
  };
}
