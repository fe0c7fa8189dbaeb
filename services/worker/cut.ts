import type { Checkpoint } from '../shared/state/port.ts';
import type { Letters } from './letters.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reduce } from './reduce.ts';
import type { Sessions } from './sessions.ts';
import type { StateCache } from './state-cache.ts';
import type { Verdicts } from './verdicts.ts';

/** A checkpoint is closed before it would hold more. */
const MAX_FIELDS = 8_000;
const MAX_BYTES = 4 * 1_048_576;
const MAX_LETTERS = 500;

export interface CutDeps {
  /** Of the unit: an event may change as many fields of states, twice where a reducer has two, and one of a session. */
  readonly reducerCount: number;
  readonly cache: StateCache;
  readonly sessions: Sessions;
  readonly letters: Letters;
  readonly verdicts: Verdicts;
  readonly reduce: Pick<Reduce, 'refused' | 'settled'>;
  readonly pipeline: Pipeline;
}

export interface Cut {
  /** Whether the next event could make the checkpoint exceed what one may hold. */
  readonly isFull: boolean;
  /** Whether there is something to write besides what events changed: dead letters, or sessions that are over. */
  readonly isWaiting: boolean;
  /**
   * Serialises what changed since the last cut and sends it off, if the claim is not lost. Rejects when a verdict cannot
   * be made durable.
   */
  make(place: Pick<Checkpoint, 'next' | 'anchor' | 'caughtUpAt'>): Promise<void>;
}

/** Closes checkpoints. The states that are not JSON, or too large, are found here, and the events that led to them. */
export function createCut(deps: CutDeps): Cut {
  const { cache, sessions, letters, verdicts, reduce, pipeline } = deps;
  return {
    get isFull() {
      const fields = cache.dirtyFields + sessions.dirtyFields + 2 * deps.reducerCount + 1;
      return fields > MAX_FIELDS || cache.dirtyBytes > MAX_BYTES || letters.waiting > MAX_LETTERS;
    },
    get isWaiting() {
      return letters.waiting > 0 || sessions.dirtyFields > 0;
    },
    async make(place) {
      await pipeline.room();
      if (pipeline.isLost) return;
      const states = new Map<string, string | null>();
      const lengths = new Map<string, string | null>();
      for (const entry of cache.takeDirty()) {
        const checked = cache.check(entry);
        const refusals = Array.isArray(checked) ? checked : await checked;
        if (refusals.length > 0) reduce.refused(entry.reducer.id, refusals);
        cache.write(entry, { states, lengths });
      }
      sessions.write(states);
      await verdicts.publish();
      const events = reduce.settled();
      const { stored, ...taken } = letters.take();
      pipeline.submit({ ...place, states, lengths, ...taken }, () => stored(events));
    },
  };
}
