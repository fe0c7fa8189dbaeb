import type { DeadLetter, DeadLetterKey, Unit } from '../shared/state/port.ts';
import type { Refusal } from './refusal.ts';

/** The dead letters of a claimed unit: which are open, and what the next checkpoint says of them. */
export interface Letters {
  readonly openCount: number;
  /** How many wait for the next checkpoint. */
  readonly waiting: number;
  isOpen(reducer: string, offset: number): boolean;
  /** Opens one, or replaces what an open one says. */
  open(reducer: string, offset: number, refusal: Pick<Refusal, 'reason' | 'stack'>): void;
  /** Closes one; nothing happens when it is not open. */
  close(reducer: string, offset: number): void;
  /** What waits, which from now on does not. */
  take(): { readonly deadLetters: readonly DeadLetter[]; readonly closed: readonly DeadLetterKey[] };
}

/** Each with how many are open then. */
export interface LetterEvents {
  readonly opened: (reducer: string, open: number) => void;
  readonly closed: (reducer: string, open: number) => void;
}

export function createLetters(
  unit: Unit,
  version: number,
  stored: readonly DeadLetterKey[],
  events: LetterEvents,
): Letters {
  const nameOf = (reducer: string, offset: number): string => `${reducer}@${offset}`;
  const names = new Set(stored.map(({ reducer, offset }) => nameOf(reducer, offset)));
  let opening = new Map<string, DeadLetter>();
  let closing = new Map<string, DeadLetterKey>();
  return {
    get openCount() {
      return names.size;
    },
    get waiting() {
      return opening.size + closing.size;
    },
    isOpen: (reducer, offset) => names.has(nameOf(reducer, offset)),
    open(reducer, offset, { reason, stack }) {
      const { topic, partition } = unit;
      const name = nameOf(reducer, offset);
      const letter = { reducer, version, topic, partition, offset, reason };
      const isNew = !names.has(name);
      names.add(name);
      closing.delete(name);
      opening.set(name, stack === undefined ? letter : { ...letter, stack });
      if (isNew) events.opened(reducer, names.size);
    },
    close(reducer, offset) {
      const name = nameOf(reducer, offset);
      if (!names.delete(name)) return;
      opening.delete(name);
      closing.set(name, { reducer, offset });
      events.closed(reducer, names.size);
    },
    take() {
      const taken = { deadLetters: [...opening.values()], closed: [...closing.values()] };
      opening = new Map();
      closing = new Map();
      return taken;
    },
  };
}
