import type { Checkpoint } from '../shared/state/port.ts';
import type { Item } from './intake.ts';
import type { Letters } from './letters.ts';
import type { Entries } from './load-entries.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reduce } from './reduce.ts';
import { MAX_REFUSAL } from './refusal.ts';
import type { Sessions } from './sessions.ts';
import type { StateCache } from './state-cache.ts';
import type { Verdicts } from './verdicts.ts';

/**
 * A checkpoint is closed before it would hold more, as far as that can be known: what a reducer makes of an event is only
 * told by what came of those before. So many fields of small states are still well below the bytes; with 1,000 of them,
 * thousands of students who are active at once would take several checkpoints in the time of one.
 */
const MAX_FIELDS = 8_000;
const MAX_BYTES = 4 * 1_048_576;
const MAX_LETTERS = 500;

/** What an event adds to its session, besides what names that: the event has it, too. */
const SESSION_BYTES = 700;
/** Where every reducer of very many may refuse an event, that is not kept free for it: hardly ever do all. */
const MOST_KEPT_FREE = MAX_BYTES / 4;

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
  /**
   * Whether the next item, which is folded into these entries, could make the checkpoint exceed what one may hold. Never
   * so as long as there is nothing to write.
   */
  isFullFor(item: Pick<Item, 'event'>, entries: Entries): boolean;
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
  // Each reducer may refuse the event, and so may whoever reads it.
  const mostLetters = deps.reducerCount + 1;
  const keptFree = Math.min(MOST_KEPT_FREE, mostLetters * MAX_REFUSAL) + SESSION_BYTES;
  return {
    isFullFor({ event }, entries) {
      const fields = cache.dirtyFields + sessions.dirtyFields;
      const { waiting } = letters;
      if (fields + waiting === 0) return false;
      if (fields + 2 * deps.reducerCount + 1 > MAX_FIELDS) return true;
      if (waiting > 0 && waiting + mostLetters > MAX_LETTERS) return true;
      const bytes = event === null ? 0 : event.bytes;
      const held = cache.dirtyBytes + sessions.dirtyBytes + letters.waitingBytes + bytes + keptFree;
      // For most events the first look tells.
      if (held + cache.mostMoreBytes(entries.length, bytes) <= MAX_BYTES) return false;
      return held + cache.moreBytes(entries, bytes) > MAX_BYTES;
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
