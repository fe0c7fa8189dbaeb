export interface Counted {
  readonly events: number;
  readonly letters: number;
}

/** Events and dead letters of the last while, in slices, so that its memory is fixed. */
export interface BreakerWindow {
  add(counted: Counted): void;
  /** Within the window, to the precision of one of its slices. */
  total(): Counted;
  clear(): void;
}

const SLICES = 12;

export function createBreakerWindow(windowMs: number, now: () => number): BreakerWindow {
  const sliceMs = windowMs / SLICES;
  const slices = Array.from({ length: SLICES }, () => ({ index: -1, events: 0, letters: 0 }));
  const indexNow = (): number => Math.floor(now() / sliceMs);
  return {
    add({ events, letters }) {
      const index = indexNow();
      const slice = slices[index % SLICES]!;
      if (slice.index !== index) Object.assign(slice, { index, events: 0, letters: 0 });
      slice.events += events;
      slice.letters += letters;
    },
    total() {
      const index = indexNow();
      let events = 0;
      let letters = 0;
      for (const slice of slices) {
        // A clock that was set back leaves slices of a time to come.
        if (slice.index <= index - SLICES || slice.index > index) continue;
        events += slice.events;
        letters += slice.letters;
      }
      return { events, letters };
    },
    clear() {
      for (const slice of slices) slice.index = -1;
    },
  };
}
