import type { Random } from './random.ts';

/**
 * Everything that happens in a world: one queue, in the order of virtual time. Nothing here waits for real time, and the
 * same seed gives the same order.
 */
export interface Schedule {
  readonly random: Random;
  /** Milliseconds since 1970, virtual. */
  now(): number;
  /** Calls `action` once after so many milliseconds, unless the returned function is called before. */
  after(ms: number, action: () => void): () => void;
  /** What goes wrong in an action ends the run with it; the first counts. */
  fail(error: Error): void;
  /** Lets so many milliseconds pass: each action is called when the program has done all that it can do by itself. */
  run(ms: number): Promise<void>;
}

interface Entry {
  readonly at: number;
  /** Decides among actions of the same time. */
  readonly order: number;
  action: (() => void) | null;
}

const START = Date.UTC(2026, 0, 5, 8);
/** Actions between two turns of the real event loop, where the program's own immediates run. */
const TURN = 16;

const isBefore = (one: Entry, other: Entry): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

/** A binary heap, its first entry on top. */
function createHeap() {
  const heap: Entry[] = [];
  const swap = (one: number, other: number): void => {
    const entry = heap[one]!;
    heap[one] = heap[other]!;
    heap[other] = entry;
  };
  const sink = (from: number): void => {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      let first = at;
      if (left < heap.length && isBefore(heap[left]!, heap[first]!)) first = left;
      if (left + 1 < heap.length && isBefore(heap[left + 1]!, heap[first]!)) first = left + 1;
      if (first === at) return;
      swap(first, at);
      at = first;
    }
  };
  return {
    top: (): Entry | undefined => heap[0],
    push(entry: Entry): void {
      heap.push(entry);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(heap[at]!, heap[parent]!)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop(): void {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
      sink(0);
    },
  };
}

const { nextTick } = process;
const immediate = setImmediate;
/** Resolves when no promise has anything left to do: a tick runs after the last of them. */
const settled = (): Promise<void> => new Promise((resolve) => nextTick(resolve));
const turned = (): Promise<void> => new Promise((resolve) => immediate(resolve));

export function createSchedule(random: Random): Schedule {
  const heap = createHeap();
  let now = START;
  let steps = 0;
  let failure: Error | null = null;

  return {
    random,
    now: () => now,
    after(ms, action) {
      const entry: Entry = { at: ms > 0 ? now + ms : now, order: random.next(), action };
      heap.push(entry);
      return () => {
        entry.action = null;
      };
    },
    fail(error) {
      failure ??= error;
    },
    async run(ms) {
      const until = now + ms;
      await turned();
      for (let entry = heap.top(); entry !== undefined && entry.at <= until; entry = heap.top()) {
        heap.pop();
        if (entry.action === null) continue;
        now = entry.at;
        entry.action();
        await settled();
        steps += 1;
        if (steps % TURN === 0) await turned();
        if (failure !== null) throw failure;
      }
      now = until;
      if (failure !== null) throw failure;
    },
  };
}
