import { messageOf } from '../shared/errors.ts';
import type { Checkpoint, CheckpointReply } from '../shared/state/port.ts';
import { parseStateField } from '../shared/state-key.ts';

const MAX_IN_FLIGHT = 2;

export interface PipelineDeps {
  readonly send: (checkpoint: Checkpoint) => Promise<CheckpointReply>;
  /** A checkpoint is in the store. */
  readonly done: (checkpoint: Checkpoint) => void;
  /**
   * A checkpoint was refused or could not be sent. Called once; the pipeline takes no more. `forGood`: another claim does
   * not help, but what the reason says.
   */
  readonly lost: (because: string, forGood: boolean) => void;
}

export interface Pipeline {
  readonly inFlight: number;
  readonly isLost: boolean;
  /** Resolves when another checkpoint may be submitted, or when the pipeline is lost. */
  room(): Promise<void>;
  submit(checkpoint: Checkpoint): void;
  /** Resolves when nothing is in flight. */
  drained(): Promise<void>;
}

/** The rest of a field's name may be about a learner. */
const alteredReason = (field: string): string =>
  `a stored state of ${parseStateField(field).reducerId} is not the one that was stored; something else wrote to the ` +
  'store: empty the unit there, and it is built anew';

/**
 * Checkpoints on their way to the store, at most two, so that one is written while the next batch is being reduced.
 * The second names the first as what it follows: if the first is refused, so is the second.
 */
export function createPipeline(deps: PipelineDeps): Pipeline {
  let inFlight = 0;
  let lost = false;
  let waiting: (() => void)[] = [];
  const settle = (): void => {
    inFlight -= 1;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const lose = (because: string, forGood = false): void => {
    if (lost) return;
    lost = true;
    deps.lost(because, forGood);
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return {
    get inFlight() {
      return inFlight;
    },
    get isLost() {
      return lost;
    },
    room: () => until(() => lost || inFlight < MAX_IN_FLIGHT),
    drained: () => until(() => inFlight === 0),
    submit(checkpoint) {
      inFlight += 1;
      const replied = (reply: CheckpointReply): void => {
        if (lost) return;
        if (reply.status === 'altered') lose(alteredReason(reply.field), true);
        else if (reply.status === 'refused')
          lose(`the store holds ${reply.because === 'token' ? 'another owner' : `offset ${reply.stored}`}`);
        else deps.done(checkpoint);
      };
      const failed = (error: unknown): void => lose(messageOf(error));
      // Both at once, so that answers count in the order in which they came.
      deps.send(checkpoint).then(replied, failed).catch(failed).finally(settle);
    },
  };
}
