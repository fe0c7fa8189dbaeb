import type { Control, ControlRecord } from '../shared/control/port.ts';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Module } from '../shared/module.ts';
import type { ReachDeps } from '../shared/versions/reach.ts';
import { untilCovered } from './changeover.ts';
import { unavailable } from './prompt-store.ts';

export interface VersionsDeps extends ReachDeps {
  readonly modules: readonly Module[];
  readonly namespace: string;
  readonly control: Pick<Control, 'activeVersion' | 'claimedUnits' | 'caughtUp' | 'watch'>;
  readonly logger: Logger;
}

/** The version of a module that answers come of. */
export interface Shown {
  readonly module: Module;
  /** The version that is active, when this process does not have its code: then nothing can be shown. Else null. */
  readonly lacks: number | null;
}

/**
 * Which version of each module is shown: the active one, as the control topic says. Before anybody decided, it is the
 * lowest that is here.
 */
export interface Versions {
  /** By NAME, sorted; one for each module. */
  all(): readonly Shown[];
  /** Null when no version of the module is here. */
  shown(name: string): Shown | null;
  /**
   * Resolves when it is known what is shown, and no change of it is under way. Rejects with a retriable STATE_UNAVAILABLE
   * as long as the control topic has not been read.
   */
  settled(name: string): Promise<void>;
  /** Whether a change is under way: until it is over nothing should be read of the module. */
  isSettling(name: string): boolean;
  /** A reading of the module has begun: a change waits until it is over. */
  reading<T>(name: string, read: Promise<T>): Promise<T>;
  /** Calls `listener` when another version of the module is shown than before. */
  onChange(listener: (name: string) => void): void;
  start(): void;
  stop(): void;
  notReady(): readonly string[];
  degraded(): readonly string[];
}

const FIRST_READ_MS = 2_000;
const AGAIN_MS = 1_000;

export function createVersions(deps: VersionsDeps): Versions {
  const { modules, control, logger } = deps;
  const names = [...new Set(modules.map(({ name }) => name))].sort();
  const shown = new Map<string, Shown>();
  const settling = new Map<string, Promise<void>>();
  const readings = new Map<string, Set<Promise<unknown>>>();
  const listeners: ((name: string) => void)[] = [];
  let trouble: string | null = 'the control topic has not been read yet';
  let first: Promise<void> | null = null;
  let unwatch = (): void => undefined;
  let stopped = false;

  const wanted = (name: string): Shown => {
    const here = modules.filter((module) => module.name === name).sort((a, b) => a.version - b.version);
    const active = control.activeVersion(name)?.version ?? null;
    const found = here.find(({ version }) => version === active);
    // Where the active one is not here, the nearest to it says best how far things are.
    const nearest = here.find(({ version }) => version > (active ?? 0)) ?? here.at(-1)!;
    return { module: found ?? nearest, lacks: active === null || found !== undefined ? null : active };
  };
  const isSame = (one: Shown | undefined, other: Shown): boolean =>
    one?.module === other.module && one.lacks === other.lacks;

  const change = async (name: string): Promise<void> => {
    for (let next = wanted(name); !isSame(shown.get(name), next) && !stopped; next = wanted(name)) {
      const before = shown.get(name);
      if (before !== undefined && before.lacks === null && next.lacks === null) {
        await Promise.allSettled(readings.get(name) ?? []);
        await untilCovered(deps, before.module, next.module);
      }
      shown.set(name, next);
    }
  };
  const settle = (name: string): void => {
    if (settling.has(name) || isSame(shown.get(name), wanted(name))) return;
    const changing = change(name).finally(() => {
      settling.delete(name);
      logger.info({ module: shown.get(name)?.module.id }, 'this version is shown');
      for (const listener of listeners) listener(name);
    });
    settling.set(name, changing);
  };
  const heed = (record: ControlRecord): void => {
    if (trouble === null && record.kind === 'active-version' && names.includes(record.module))
      settle(record.module);
  };

  const read = async (): Promise<void> => {
    while (!stopped && trouble !== null)
      try {
        await control.caughtUp();
        for (const name of names) shown.set(name, wanted(name));
        trouble = null;
      } catch (error) {
        trouble = `which versions are shown is not known: ${messageOf(error)}`;
        if (error instanceof LecternError && error.code === 'CLOSED') return;
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
      }
  };
  const known = async (): Promise<void> => {
    if (trouble === null) return;
    const late = new Promise<void>((resolve) => setTimeout(resolve, FIRST_READ_MS).unref());
    await Promise.race([first, late]);
    if (trouble !== null) throw unavailable(trouble);
  };

  return {
    all: () => names.map((name) => shown.get(name) ?? wanted(name)),
    shown: (name) => (names.includes(name) ? (shown.get(name) ?? wanted(name)) : null),
    async settled(name) {
      await known();
      await settling.get(name);
    },
    isSettling: (name) => settling.has(name),
    async reading(name, reading) {
      const ofName = readings.get(name) ?? new Set();
      readings.set(name, ofName.add(reading));
      try {
        return await reading;
      } finally {
        ofName.delete(reading);
      }
    },
    onChange: (listener) => void listeners.push(listener),
    start() {
      unwatch = control.watch(heed);
      first = read();
    },
    stop() {
      stopped = true;
      unwatch();
    },
    notReady: () => (trouble === null ? [] : [trouble]),
    degraded: () =>
      names
        .map((name) => shown.get(name))
        .filter((one) => one !== undefined && one.lacks !== null)
        .map(
          (one) =>
            `${one!.module.name}: version ${one!.lacks} is active, and only others are installed here: nothing of it is shown; ` +
            `add that version to LECTERN_MODULES and start this process again, or decide otherwise: lectern modules promote ${one!.module.name} ${one!.module.version}`,
        ),
  };
}
