import { setImmediate as turn } from 'node:timers/promises';
import { nameOf } from '../shared/state/unit-meta.ts';
import type { Cut } from './cut.ts';
import type { Letters } from './letters.ts';
import type { Pipeline } from './pipeline.ts';
import { type Refusal, thrownRefusal } from './refusal.ts';
import type { Stray } from './strays.ts';
import type { Verdicts } from './verdicts.ts';

export interface StrayEventsDeps {
  /** The offset that is stored; null when nothing was ever checkpointed. */
  readonly stored: number | null;
  readonly letters: Pick<Letters, 'isOpen'>;
  readonly verdicts: Pick<Verdicts, 'of' | 'add' | 'publish'>;
  readonly pipeline: Pick<Pipeline, 'drained' | 'isLost'>;
  /** Has a task done between two batches, if the claim lasts until then; what it throws costs the claim. */
  readonly between: (task: () => Promise<void>) => void;
  /** Keeps what is to be said of an event under the next claim. */
  readonly told: (name: string, refusal: Refusal) => void;
}

export interface StrayEvents {
  found(stray: Stray): void;
  /** Everything below an offset is stored. */
  reached(next: number): void;
  /** The cut, which is made only when nothing was found of what it would contain. */
  guard(cut: Cut): Cut;
}

/** What is found beyond that is found again when its events are folded again. */
const MAX_WAITING = 1_000;
/** What the error says stays with the dead letter: the control topic is kept for ever. */
const REASON = 'something that the reducer had started failed after it had answered';

/**
 * Leaves events out whose reducers failed after they had answered, by a verdict, as long as no checkpoint contains them:
 * the claim is given up then, and the next one folds without them. One that is stored already counts as folded, there
 * and in every replay in which it fails as late.
 */
export function createStrayEvents(deps: StrayEventsDeps): StrayEvents {
  const { letters, verdicts, pipeline } = deps;
  let { stored } = deps;
  let waiting = new Map<string, Stray>();

  const isLeftOut = ({ reducer, offset }: Stray): boolean =>
    verdicts.of(reducer, offset) !== undefined || letters.isOpen(reducer, offset);

  const leaveOut = async (): Promise<void> => {
    const strays = waiting;
    waiting = new Map();
    if (strays.size === 0) return;
    await pipeline.drained();
    // What is not stored is folded again, and fails again.
    if (pipeline.isLost) return;
    let any = false;
    for (const [name, stray] of strays) {
      const { reducer, offset, error } = stray;
      if (offset < (stored ?? 0) || isLeftOut(stray)) continue;
      any = true;
      deps.told(name, thrownRefusal(offset, error));
      verdicts.add(reducer, offset, 'detached', REASON);
    }
    if (!any) return;
    await verdicts.publish();
    throw new Error('reducers failed after they had answered, and their events are left out');
  };

  return {
    found(stray) {
      if (waiting.size >= MAX_WAITING) return;
      waiting.set(nameOf(stray), stray);
      if (waiting.size === 1) deps.between(leaveOut);
    },
    reached(next) {
      stored = next;
    },
    guard: (cut) => ({
      isFullFor: cut.isFullFor,
      get isWaiting() {
        return cut.isWaiting;
      },
      async make(place) {
        // Node tells of a rejection only when all promises have had their turns.
        await turn();
        await leaveOut();
        await cut.make(place);
      },
    }),
  };
}
