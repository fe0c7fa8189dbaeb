import { ClientError } from './client-error.ts';
import type { OpenStore, StoredEvent } from './event-store.ts';
import { bodyOf, frameText } from './frame-text.ts';
import type { ClientEvent } from './options.ts';

/** Numbers events in the order in which they come, and stores them. */
export interface Intake {
  /** Rejects with FULL, TOO_LARGE, INVALID or STORE; the event is then not sent. */
  take(event: ClientEvent): Promise<void>;
  /** Settles when all that were being taken are stored or not; the highest number that was given. */
  settled(): Promise<number>;
}

export interface IntakeDeps {
  readonly opening: Promise<OpenStore>;
  readonly maxEvents: number;
  readonly maxSize: number;
  readonly maxEventBytes: number;
  /** What is stored. */
  readonly stored: () => { readonly count: number; readonly size: number };
  /** Called in the order of the numbers. */
  readonly onStored: (event: StoredEvent) => void;
}

/** A start skips those of them that were not used, because it cannot know which were. */
const RESERVED = 500;

export function createIntake(deps: IntakeDeps): Intake {
  const taking = new Set<Promise<void>>();
  let takingSize = 0;
  let next = 0;
  let reserved = -1;
  let reserving: Promise<void> = Promise.resolve();
  const opening = deps.opening.then((store) => {
    reserved = store.reserved;
    next = Math.max(reserved, store.events.at(-1)?.sequence ?? -1) + 1;
    return store;
  });
  opening.catch(() => undefined);

  /** Resolves when a number may be used, in the order of the numbers. */
  async function reserve(store: OpenStore, sequence: number): Promise<void> {
    if (sequence > reserved) {
      reserved = sequence + RESERVED - 1;
      reserving = store.reserve(reserved);
      reserving.catch(() => {
        reserved = -1;
      });
    }
    await reserving;
  }

  function checkRoom(size: number): void {
    const stored = deps.stored();
    if (stored.count + taking.size >= deps.maxEvents || stored.size + takingSize + size > deps.maxSize)
      throw new ClientError(
        'FULL',
        `no more is stored while ${stored.count + taking.size} events wait for their acknowledgement: wait for flush()`,
      );
  }

  async function store(body: ReturnType<typeof bodyOf>): Promise<void> {
    try {
      const opened = await opening;
      const sequence = next++;
      await reserve(opened, sequence);
      const event = { sequence, text: frameText(body, opened.session, sequence) };
      await opened.add(event);
      deps.onStored(event);
    } catch (cause) {
      if (cause instanceof ClientError) throw cause;
      throw new ClientError('STORE', `the event could not be stored: ${(cause as Error).message}`, cause);
    }
  }

  return {
    async take(event) {
      const body = bodyOf(event, deps.maxEventBytes);
      checkRoom(body.size);
      takingSize += body.size;
      const storing = store(body);
      taking.add(storing);
      try {
        await storing;
      } finally {
        taking.delete(storing);
        takingSize -= body.size;
      }
    },
    async settled() {
      await Promise.allSettled([...taking]);
      return next - 1;
    },
  };
}
