/** Does one thing after another. */
export interface Tasks {
  /** Whether one is under way or waits. */
  readonly busy: boolean;
  /** Resolves when the task is done or nobody waits for it any more; never rejects. */
  add(task: () => Promise<void> | void): Promise<void>;
  /**
   * Nobody waits any more for what is under way, which may never end, and nobody hears of its failure; what waits is not
   * done. What is added from now on does not wait for it.
   */
  abandon(): void;
}

/** What a task throws goes to `failed`; the next one is done all the same. */
export function createTasks(failed: (error: unknown) => void): Tasks {
  /** Those who wait; replaced by `abandon`, so that whoever finds it replaced belongs to what was before. */
  let waiting = new Set<() => void>();
  let tail = Promise.resolve();

  const run = async (task: () => Promise<void> | void, mine: typeof waiting): Promise<void> => {
    try {
      if (mine === waiting) await task();
    } catch (error) {
      if (mine === waiting) failed(error);
    }
  };

  return {
    get busy() {
      return waiting.size > 0;
    },
    add(task) {
      const mine = waiting;
      return new Promise<void>((resolve) => {
        mine.add(resolve);
        tail = tail
          .then(() => run(task, mine))
          .then(() => {
            mine.delete(resolve);
            resolve();
          });
      });
    },
    abandon() {
      const left = waiting;
      waiting = new Set();
      tail = Promise.resolve();
      for (const resolve of left) resolve();
    },
  };
}
