import { MAX_OBJECT_BYTES } from './object-rules.ts';

/** Who can wait for others, and say so. */
export interface Waiter {
  /** Whether it still waits; asked when its turn comes. */
  readonly wanted: () => boolean;
  /** Is told what it waits for, anew whenever it got on; null when it waits no more. */
  readonly waits: (what: string | null) => void;
}

/** Room in memory for archive objects that are being read, shared by all readers of a process. */
export interface ObjectRoom {
  /**
   * Resolves to what gives the bytes back, once there is room for them. Who comes first is first, and an object of any
   * size has its turn. Rejects when the waiter is not wanted any more. Without one there is no waiting: for readers of
   * which there are few, and for whom others wait.
   */
  take(bytes: number, waiter?: Waiter): Promise<() => void>;
}

interface Waiting extends Waiter {
  readonly bytes: number;
  readonly enter: () => void;
  readonly leave: (error: Error) => void;
}

/** Room for one object of the largest size, or for some of the usual one. */
export function createObjectRoom(maxBytes: number = MAX_OBJECT_BYTES): ObjectRoom {
  let queue: Waiting[] = [];
  let taken = 0;

  const fits = (bytes: number): boolean => taken === 0 || taken + bytes <= maxBytes;
  const tell = ({ waits }: Waiter, before: number): void =>
    waits(`waits until archive objects of others are read; before it in the queue: ${before}`);

  const takeNow = (bytes: number): (() => void) => {
    taken += bytes;
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      taken -= bytes;
      moveUp();
    };
  };

  const moveUp = (): void => {
    for (const { wanted, leave } of queue)
      if (!wanted()) leave(new Error('nobody reads the object any more'));
    queue = queue.filter(({ wanted }) => wanted());
    while (queue.length > 0 && fits(queue[0]!.bytes)) queue.shift()!.enter();
    for (const [before, waiter] of queue.entries()) tell(waiter, before);
  };

  return {
    async take(bytes, waiter) {
      if (waiter === undefined || (queue.length === 0 && fits(bytes))) return takeNow(bytes);
      return await new Promise((resolve, leave) => {
        const enter = (): void => {
          waiter.waits(null);
          resolve(takeNow(bytes));
        };
        queue.push({ ...waiter, bytes, enter, leave });
        tell(waiter, queue.length - 1);
      });
    },
  };
}
