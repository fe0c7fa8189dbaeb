/** Claims that were lost, or could not be had, without anything stored. */
export interface Losses {
  readonly times: number;
  /** The last time. */
  readonly because: string;
}

/** What a unit tells of itself, for people and for whoever watches that it gets on. */
export interface UnitStatus {
  /** Why the unit does not reduce, for people; null when it does. */
  readonly trouble: string | null;
  /** Changes whenever the unit gets on, be it that an attempt failed. */
  readonly progress: number;
  /** What another unit has to do first; null when it waits for none. */
  readonly waitsFor: string | null;
  /** Whether a person has to act before it gets on. */
  readonly isStopped: boolean;
  /** What came of its claims since it last stored anything; null when none was lost. */
  readonly lost: Losses | null;
  gotOn(): void;
  /** What it folded is in the store. */
  stored(): void;
  /** A claim came to nothing; it got on to the next. */
  lose(because: string): void;
  /** It got on to something else, and reduces only if nothing hinders it. */
  set(trouble: string | null): void;
  /** A person has to act, after which it gets on by itself. */
  stop(reason: string): void;
  /** It waits for its turn among others, which is no trouble unless it takes long. Null when it waits no more. */
  queues(what: string | null): void;
  /** To wait for the same as before is not to get on. Null when it waits no more, and reduces. */
  waits(what: string | null): void;
}

export function createUnitStatus(): UnitStatus {
  let trouble: string | null = 'not claimed yet';
  let progress = 0;
  let waitsFor: string | null = null;
  let isStopped = false;
  let lost: Losses | null = null;
  const gotOn = (): void => {
    progress += 1;
    waitsFor = null;
  };
  const set = (now: string | null): void => {
    gotOn();
    trouble = now;
    isStopped = false;
  };
  return {
    get trouble() {
      return trouble;
    },
    get progress() {
      return progress;
    },
    get waitsFor() {
      return waitsFor;
    },
    get isStopped() {
      return isStopped;
    },
    get lost() {
      return lost;
    },
    gotOn,
    stop(reason) {
      set(`stopped: ${reason}`);
      isStopped = true;
    },
    stored() {
      lost = null;
    },
    lose(because) {
      lost = { times: (lost?.times ?? 0) + 1, because };
      set(because);
    },
    set,
    queues(what) {
      if (what !== null && what === waitsFor) return;
      gotOn();
      waitsFor = what;
    },
    waits(what) {
      if (what !== null && what === waitsFor) return;
      set(what);
      waitsFor = what;
    },
  };
}
