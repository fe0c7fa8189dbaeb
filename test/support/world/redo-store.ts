import type { Checkpoint, CheckpointReply, StateStore, Unit } from '../../../services/shared/state/port.ts';
import { createMemoryState } from '../memory-state.ts';

type Change = (store: StateStore) => Promise<unknown>;

/** A store whose past is known: it can be as it was, and what was once sent can be sent again. */
export interface RedoStore {
  /** The store as it is now. */
  readonly store: StateStore;
  /** How many changes led to it. */
  readonly changes: number;
  change<T>(change: (store: StateStore) => Promise<T>): Promise<T>;
  /** A change as well; every checkpoint that is written is shown to `written`, before anybody gets to know. */
  checkpoint(unit: Unit, checkpoint: Checkpoint): Promise<CheckpointReply>;
  /** Goes back to when there were so many changes. */
  goBackTo(changes: number): Promise<void>;
  /** A checkpoint that was sent so many ago is sent again; nobody hears the answer. */
  resend(ago: number): Promise<void>;
}

export function createRedoStore(
  written: (store: StateStore, unit: Unit, checkpoint: Checkpoint) => Promise<void>,
  createStore: () => StateStore = () => createMemoryState().store,
): RedoStore {
  let store = createStore();
  let past: Change[] = [];
  const sent: { readonly unit: Unit; readonly checkpoint: Checkpoint }[] = [];

  const change = async <T>(made: (store: StateStore) => Promise<T>): Promise<T> => {
    past.push(made);
    return made(store);
  };
  const write = async (unit: Unit, checkpoint: Checkpoint): Promise<CheckpointReply> => {
    const reply = await change((current) => current.checkpoint(unit, checkpoint));
    if (reply.status === 'done') await written(store, unit, checkpoint);
    return reply;
  };

  return {
    get store() {
      return store;
    },
    get changes() {
      return past.length;
    },
    change,
    checkpoint(unit, checkpoint) {
      sent.push({ unit, checkpoint });
      return write(unit, checkpoint);
    },
    async goBackTo(changes) {
      past = past.slice(0, changes);
      store = createStore();
      for (const again of past) await again(store);
    },
    async resend(ago) {
      const old = sent.at(-1 - ago);
      if (old !== undefined) await write(old.unit, old.checkpoint);
    },
  };
}
