import { messageOf } from '../shared/errors.ts';
import type { Checkpoint, CheckpointReply } from '../shared/state/port.ts';
import { parseStateField } from '../shared/state-key.ts';

const MAX_IN_FLIGHT = 2;

/** What a cut gives. The pipeline knows whose checkpoint it is, and which offset it follows. */
export type Submitted = Omit<Checkpoint, 'token' | 'expected'>;

export interface PipelineDeps {
  readonly token: string;
  /** The offset that is stored; null when nothing was ever checkpointed. */
  readonly stored: number | null;
  /** Where the claim began to fold. */
  readonly position: number;
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
  /** Whether the claim is lost, or over: nothing more is sent. */
  readonly isLost: boolean;
  /** Resolves when another checkpoint may be submitted, or when the pipeline is lost. */
  room(): Promise<void>;
  /** Sends a checkpoint, and calls `stored` when it is in the store; neither once the pipeline is lost. */
  submit(checkpoint: Submitted, stored?: () => void): void;
  /** Resolves when nothing is in flight. */
  drained(): Promise<void>;
  /**
   * Resolves when the store has answered that the claim holds: that what was read before this call is right. Rejects
   * when it does not, or nobody knows.
   */
  confirm(): Promise<void>;
  /** The claim is over: nothing more is sent, and nothing told of what is on its way. */
  close(): void;
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
  let follows = deps.stored;
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
  const room = (): Promise<void> => until(() => lost || inFlight < MAX_IN_FLIGHT);
  const drained = (): Promise<void> => until(() => inFlight === 0);

  const submit = (submitted: Submitted, stored?: () => void): void => {
    if (lost) return;
    const checkpoint: Checkpoint = { ...submitted, token: deps.token, expected: follows };
    follows = checkpoint.next;
    inFlight += 1;
    const replied = (reply: CheckpointReply): void => {
      if (lost) return;
      if (reply.status === 'altered') lose(alteredReason(reply.field), true);
      else if (reply.status === 'refused')
        lose(`the store holds ${reply.because === 'token' ? 'another owner' : `offset ${reply.stored}`}`);
      else {
        stored?.();
        deps.done(checkpoint);
      }
    };
    const failed = (error: unknown): void => lose(messageOf(error));
    // Both at once, so that answers count in the order in which they came.
    deps.send(checkpoint).then(replied, failed).catch(failed).finally(settle);
  };

  return {
    get inFlight() {
      return inFlight;
    },
    get isLost() {
      return lost;
    },
    room,
    drained,
    submit,
    /*
     * A checkpoint of nothing, which the store compares as it does every other. It is enough, whenever the store lost
     * data: it went back to how it was at some earlier time. Before the claim it had another token, or none, and refuses.
     * Later only this claim has written, states and offset together: with another offset than the expected one it refuses,
     * and with that one it has all states that this claim ever wrote and may have to read. (Those on their way are in
     * memory until they are answered.) So a verdict stands on what a checkpoint at this moment would stand on.
     */
    async confirm() {
      await room();
      submit({
        next: follows ?? deps.position,
        states: new Map(),
        lengths: new Map(),
        deadLetters: [],
        closed: [],
        anchor: null,
        caughtUpAt: null,
      });
      await drained();
      if (lost) throw new Error('the claim does not hold any more');
    },
    close() {
      lost = true;
    },
  };
}
