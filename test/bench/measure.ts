export interface Measured {
  readonly eventsPerSecond: number;
  /** Of this process, user and system. */
  readonly cpuMicrosPerEvent: number;
}

export interface Stopwatch {
  /** The first call starts it; later ones do nothing. */
  start(): void;
  stop(events: number): Measured;
}

/** Measures from the first event on, so that joining a group counts for nobody. */
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
