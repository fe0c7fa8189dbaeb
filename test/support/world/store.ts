import { LecternError } from '../../../services/shared/errors.ts';
import type { StateStore } from '../../../services/shared/state/port.ts';
import { latency, type Machine } from './machine.ts';
import type { RedoStore } from './redo-store.ts';
import type { Schedule } from './schedule.ts';

/** What goes wrong between processes and the store, until told otherwise. */
export interface StoreFaults {
  /** Nobody gets an answer before this time, nor is anything done. */
  awayUntil: number;
  /** Answers take seconds until this time. */
  slowUntil: number;
  /** So many commands are carried out, but their answers get lost. */
  lostReplies: number;
  /** So many commands get lost. */
  lostCommands: number;
  /** So many commands are carried out, and once more some time later: only that answer arrives. */
  resent: number;
}

export function createStoreFaults(): StoreFaults {
  return { awayUntil: 0, slowUntil: 0, lostReplies: 0, lostCommands: 0, resent: 0 };
}

const unavailable = (why: string): LecternError => new LecternError('STATE_UNAVAILABLE', why);

/** How long a client waits before it takes a command for lost. */
const COMMAND_MS = 1_000;

/** The state store as one process of the world sees it. Its commands arrive in the order in which they were sent. */
export function createProcessStore(
  schedule: Schedule,
  machine: Machine,
  redo: RedoStore,
  faults: StoreFaults,
): StateStore {
  const { random } = schedule;
  let lastArrival = 0;

  const arrive = (action: () => void): void => {
    lastArrival = Math.max(lastArrival + 0.001, schedule.now() + latency(schedule));
    schedule.after(lastArrival - schedule.now(), action);
  };

  /** Carries a command out, with whatever goes wrong just then. */
  const carryOut = <T>(
    command: () => Promise<T>,
    settle: (outcome: Promise<T>, ms: number) => void,
  ): void => {
    const now = schedule.now();
    const later = latency(schedule) + (now < faults.slowUntil ? random.integer(300, 2_500) : 0);
    const lost = (): Promise<never> => Promise.reject(unavailable('the answer did not come'));
    if (now < faults.awayUntil) settle(Promise.reject(unavailable('the store is away')), later);
    else if (faults.lostCommands > 0) {
      faults.lostCommands -= 1;
      settle(lost(), COMMAND_MS);
    } else if (faults.lostReplies > 0) {
      faults.lostReplies -= 1;
      settle(command().then(lost), COMMAND_MS);
    } else if (faults.resent > 0) {
      faults.resent -= 1;
      command().catch(() => undefined);
      schedule.after(random.integer(1, 2_500), () => settle(command(), later));
    } else settle(command(), later);
  };

  const send = <T>(command: () => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (!machine.alive) return;
      const settle = (outcome: Promise<T>, ms: number): void => {
        const reply = (tell: () => void): void => void schedule.after(ms, () => machine.enter(tell));
        outcome.then(
          (value) => reply(() => resolve(value)),
          (error: unknown) => reply(() => reject(error)),
        );
      };
      arrive(() => carryOut(command, settle));
    });

  async function* pages<T>(open: () => AsyncIterable<T>): AsyncIterable<T> {
    const all = await send(async () => {
      const found: T[] = [];
      for await (const page of open()) found.push(page);
      return found;
    });
    yield* all;
  }

  return {
    claim: (...args) => send(() => redo.change((store) => store.claim(...args))),
    mark: (...args) => send(() => redo.change((store) => store.mark(...args))),
    checkpoint: (unit, checkpoint) => send(() => redo.checkpoint(unit, checkpoint)),
    reset: (...args) => send(() => redo.change((store) => store.reset(...args))),
    relayed: (...args) => send(() => redo.change((store) => store.relayed(...args))),
    remove: (unit) => send(() => redo.change((store) => store.remove(unit))),
    readMany: (...args) => send(() => redo.store.readMany(...args)),
    position: (unit) => send(() => redo.store.position(unit)),
    deadLetterKeys: (unit) => send(() => redo.store.deadLetterKeys(unit)),
    entries: (unit) => pages(() => redo.store.entries(unit)),
    deadLetters: (unit) => pages(() => redo.store.deadLetters(unit)),
    // A hint that is lost is nobody's trouble.
    announce: (hint) => send(() => redo.store.announce(hint)).catch(() => undefined),
    watch: (listener) => send(() => redo.store.watch(listener)),
    check: () => send(() => redo.store.check()),
    close: async () => undefined,
  };
}
