import type { Clock } from '../../../services/shared/clock.ts';
import type { Schedule } from './schedule.ts';

/**
 * A process of the world: a program that knows nothing but what reaches it from outside, and does nothing but what it
 * sends there. So it is killed by cutting it off, and frozen by keeping from it what arrives.
 */
export interface Machine {
  readonly name: string;
  readonly alive: boolean;
  readonly frozen: boolean;
  /** Whether the groups cannot hear it, while all else reaches it. */
  isolated: boolean;
  readonly clock: Clock;
  /** Something reaches the program: at once, when it is thawed, or never. */
  enter(action: () => void): void;
  /** The program asks something elsewhere; both ways take a while. What `ask` throws is the answer too. */
  call<T>(ask: () => T | Promise<T>): Promise<T>;
  /** From outside: nothing reaches the program any more, and nothing that it does reaches anybody. */
  cut(): void;
  /** From inside: the program ends itself. */
  kill(): void;
  freeze(): void;
  thaw(): void;
}

/** One way of a message, in milliseconds: mostly short, sometimes overtaken by others. */
export function latency({ random }: Schedule): number {
  return random.chance(0.05) ? random.integer(5, 120) : 0.1 + random.next() * 3;
}

/** `ended` is called when the program ends itself. */
export function createMachine(name: string, schedule: Schedule, ended: () => void): Machine {
  let alive = true;
  let frozen = false;
  let backlog: (() => void)[] = [];

  const enter = (action: () => void): void => {
    if (!alive) return;
    if (frozen || backlog.length > 0) backlog.push(action);
    else action();
  };
  /** What came meanwhile, in its order, before anything newer. */
  const catchUp = (): void => {
    if (!alive || frozen) return;
    const action = backlog[0];
    if (action === undefined) return;
    schedule.after(0.01, () => {
      if (alive && !frozen) {
        action();
        backlog.shift();
      }
      catchUp();
    });
  };

  const cut = (): void => {
    alive = false;
    backlog = [];
  };

  const clock: Clock = {
    now: () => Math.floor(schedule.now()),
    sleep: (ms) => new Promise((resolve) => void schedule.after(ms, () => enter(resolve))),
    every(ms, action) {
      let ended = false;
      // One that is due while the process is frozen comes once when it is thawed.
      const next = (): void => {
        schedule.after(ms, () =>
          enter(() => {
            if (ended) return;
            action();
            next();
          }),
        );
      };
      next();
      return () => {
        ended = true;
      };
    },
  };

  return {
    name,
    isolated: false,
    get alive() {
      return alive;
    },
    get frozen() {
      return frozen;
    },
    clock,
    enter,
    call<T>(ask: () => T | Promise<T>) {
      return new Promise<T>((resolve, reject) => {
        if (!alive) return;
        const reply = (settle: () => void): void =>
          void schedule.after(latency(schedule), () => enter(settle));
        schedule.after(latency(schedule), () => {
          new Promise<T>((answer) => answer(ask())).then(
            (value) => reply(() => resolve(value)),
            (error: unknown) => reply(() => reject(error)),
          );
        });
      });
    },
    cut,
    kill() {
      if (!alive) return;
      cut();
      ended();
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      if (!frozen) return;
      frozen = false;
      catchUp();
    },
  };
}
