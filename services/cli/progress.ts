import { SingleBar } from 'cli-progress';

export interface Progress {
  /** So much more is to be done. */
  expect(count: number): void;
  done(count: number): void;
  end(): void;
}

/** For whoever looks at no bar. */
export const NO_PROGRESS: Progress = {
  expect: () => undefined,
  done: () => undefined,
  end: () => undefined,
};

/** A bar on stderr with the time that is left; nothing where stderr is no terminal, as stdout is for answers. */
export function createProgress(what: string): Progress {
  const bar = new SingleBar({
    format: `{bar} {percentage} % | {value}/{total} ${what} | {eta_formatted} left`,
    stream: process.stderr,
    noTTYOutput: false,
    hideCursor: true,
    clearOnComplete: true,
  });
  let total = 0;
  return {
    expect(count) {
      if (total === 0) bar.start(count, 0);
      total += count;
      bar.setTotal(total);
    },
    done: (count) => bar.increment(count),
    end: () => bar.stop(),
  };
}
