/**
 * Takes a name for this tab until it is released, or the tab is gone, however it goes; null when another tab has it.
 * Needs a secure context: https, or localhost.
 */
export async function takeTabLock(name: string): Promise<{ release(): void } | null> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => resolve({ release }));
      })
      .catch(reject);
  });
}
