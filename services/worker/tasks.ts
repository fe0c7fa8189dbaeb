/** Does one thing after another. */
export interface Tasks {
  /** Whether one is under way or waits. */
  readonly busy: boolean;
  /** Resolves when the task is done; never rejects. */
  add(task: () => Promise<void> | void): Promise<void>;
}

/** What a task throws goes to `failed`; the next one is done all the same. */
export function createTasks(failed: (error: unknown) => void): Tasks {
  let waiting = 0;
  let tail = Promise.resolve();
  return {
    get busy() {
      return waiting > 0;
    },
    add(task) {
      waiting += 1;
      tail = tail.then(async () => {
        try {
          await task();
        } catch (error) {
          failed(error);
        } finally {
          waiting -= 1;
        }
      });
      return tail;
    },
  };
}
