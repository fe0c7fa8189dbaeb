import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobPlaces } from '../shared/blobs.ts';
import type { EventLog, PartitionOffsets } from '../shared/log/port.ts';
import { partitionOf } from '../shared/partition.ts';
import type { Position, StateStore } from '../shared/state/port.ts';

/** Up to which offset the states of a partition must be, to have all that the log had at some moment. */
export interface BlobEnd {
  readonly partition: number;
  readonly partitions: number;
  readonly offset: number;
}

/** How far the states of the blobs are behind the log. All reject when log or store do not answer. */
export interface BlobStanding {
  /** The end of the student's partition, asked for after this was called. */
  end(student: string): Promise<BlobEnd>;
  /** Resolves when the states are that far; never, while they are not. Rejects also when `signal` is aborted. */
  reached(end: BlobEnd, signal: AbortSignal): Promise<void>;
  /**
   * Whether the states, once they were read, were that far: `behind` when the store lost what it had meanwhile, `beyond`
   * when they are of more than the log ever held, so that the topic was made anew.
   */
  check(student: string, end: BlobEnd): Promise<'there' | 'behind' | 'beyond'>;
}

export interface BlobStandingDeps {
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'position'>;
  readonly places: BlobPlaces;
  readonly pollMs: number;
}

interface Waiter {
  readonly end: BlobEnd;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Answers that were begun before somebody asked are too old for them: they share the next one. */
function createFresh<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | null = null;
  let next: Promise<T> | null = null;
  const begin = (): Promise<T> => {
    const asked = ask();
    const ended = asked.then(
      () => undefined,
      () => undefined,
    );
    running = ended;
    void ended.then(() => {
      if (running === ended) running = null;
    });
    return asked;
  };
  return () => {
    if (next !== null) return next;
    if (running === null) return begin();
    next = running.then(() => {
      next = null;
      return begin();
    });
    return next;
  };
}

/** Complete, and at least that far. */
function isAt(
  position: Position | null,
  { offset, partitions }: BlobEnd,
): position is Position & { readonly next: number } {
  if (position === null || position.next === null) return false;
  if (position.partitions !== partitions)
    throw new Error('the partitions of the topic of blobs were counted anew');
  return position.next >= Math.max(offset, position.target ?? 0);
}

/** Students of one partition wait together, so that the store is asked no more for many than for one. */
export function createBlobStanding({ log, state, places, pollMs }: BlobStandingDeps): BlobStanding {
  const offsets = createFresh<readonly PartitionOffsets[]>(() => log.offsets(places.topic));
  const waiting = new Map<number, Set<Waiter>>();

  function settle(waiters: Set<Waiter>, position: Position | null): void {
    for (const waiter of waiters) {
      if (!isAt(position, waiter.end)) continue;
      waiters.delete(waiter);
      waiter.resolve();
    }
  }

  async function watch(partition: number, waiters: Set<Waiter>): Promise<void> {
    for (; waiters.size > 0; await sleep(pollMs)) {
      try {
        settle(waiters, await state.position(places.unit(partition)));
      } catch (error) {
        for (const { reject } of waiters) reject(error);
        waiters.clear();
      }
    }
    waiting.delete(partition);
  }

  async function end(student: string): Promise<BlobEnd> {
    const all = await offsets();
    const partition = partitionOf(student, all.length);
    return { partition, partitions: all.length, offset: all[partition]!.end };
  }

  return {
    end,
    reached(wanted, signal) {
      const { partition } = wanted;
      const known = waiting.get(partition);
      const waiters = known ?? new Set();
      return new Promise<void>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const waiter: Waiter = {
          end: wanted,
          resolve() {
            signal.removeEventListener('abort', leave);
            resolve();
          },
          reject,
        };
        const leave = (): void => {
          waiters.delete(waiter);
          reject(signal.reason);
        };
        signal.addEventListener('abort', leave);
        waiters.add(waiter);
        if (known !== undefined) return;
        waiting.set(partition, waiters);
        void watch(partition, waiters);
      });
    },
    async check(student, wanted) {
      const position = await state.position(places.unit(wanted.partition));
      if (!isAt(position, wanted)) return 'behind';
      const { next } = position;
      if (next === wanted.offset) return 'there';
      // Saves of others came meanwhile, or these are the states of a topic that is gone.
      return next <= (await end(student)).offset ? 'there' : 'beyond';
    },
  };
}
