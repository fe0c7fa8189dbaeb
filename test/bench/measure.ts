export interface Measured {
  readonly eventsPerSecond: number;
  /** User and system, all threads, of every process that is measured. */
  readonly cpuMicrosPerEvent: number;
}

export interface Stopwatch {
  /** The first call starts it; later ones do nothing. */
  start(): void;
  stop(events: number): Measured;
}

/** Measures this process from the first event on, so that joining a group counts for nobody. */
export function createStopwatch(): Stopwatch {
  let startedAt: number | undefined;
  let cpuAt: NodeJS.CpuUsage | undefined;
  return {
    start() {
      startedAt ??= performance.now();
      cpuAt ??= process.cpuUsage();
    },
    stop(events) {
      const seconds = (performance.now() - (startedAt ?? performance.now())) / 1_000;
      const { user, system } = process.cpuUsage(cpuAt);
      return { eventsPerSecond: events / seconds, cpuMicrosPerEvent: (user + system) / events };
    },
  };
}

/** Of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}

export function medianOf(measured: readonly Measured[]): Measured {
  return {
    eventsPerSecond: median(measured.map(({ eventsPerSecond }) => eventsPerSecond)),
    cpuMicrosPerEvent: median(measured.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)),
  };
}
