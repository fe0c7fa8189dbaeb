import { LecternError } from '../../services/shared/errors.ts';
import type {
  Checkpoint,
  CheckpointReply,
  DeadLetter,
  Hint,
  StateEntry,
  StateStore,
  Unit,
  UnitFacts,
} from '../../services/shared/state/port.ts';

interface StoredUnit {
  token: string;
  readonly facts: UnitFacts;
  next: number | null;
  caughtUpAt: number | null;
  readonly states: Map<string, string>;
  /** By reducer and offset. */
  readonly deadLetters: Map<string, DeadLetter>;
}

const PAGE_FIELDS = 100;

export interface MemoryState {
  readonly store: StateStore;
  /** While true, every call rejects with STATE_UNAVAILABLE. */
  setAway(away: boolean): void;
  /** While true, no call is answered. */
  setHanging(hanging: boolean): void;
  /** While true, announced hints reach nobody. */
  setLosingHints(losing: boolean): void;
  /** The fields that were read since the last call. */
  takeReads(): readonly string[];
  watchers(): number;
}

function identity(unit: Unit): string {
  return `${unit.module}/${unit.topic}/${unit.partition}`;
}

function refusal(unit: StoredUnit | undefined, checkpoint: Checkpoint): CheckpointReply | null {
  const stored = unit?.next ?? null;
  if (unit?.token !== checkpoint.token) return { status: 'refused', because: 'token', stored };
  if (stored === checkpoint.expected) return null;
  if (stored !== null && stored >= checkpoint.next) return { status: 'repeated' };
  return { status: 'refused', because: 'offset', stored };
}

/** A StateStore in this process's memory, which can be away, hang or lose hints when told so. */
export function createMemoryState(): MemoryState {
  const units = new Map<string, StoredUnit>();
  const listeners = new Set<(hint: Hint) => void>();
  const reads: string[] = [];
  let away = false;
  let hanging = false;
  let losingHints = false;

  async function reach(): Promise<void> {
    if (hanging) await new Promise(() => undefined);
    if (away) throw new LecternError('STATE_UNAVAILABLE', 'the memory is away');
  }

  const store: StateStore = {
    async claim(unit, token, facts) {
      await reach();
      const known = units.get(identity(unit));
      if (known === undefined)
        units.set(identity(unit), {
          token,
          facts,
          next: null,
          caughtUpAt: null,
          states: new Map(),
          deadLetters: new Map(),
        });
      else known.token = token;
      return { next: known?.next ?? null, facts: known?.facts ?? facts };
    },
    async checkpoint(unit, checkpoint) {
      await reach();
      const stored = units.get(identity(unit));
      const refused = refusal(stored, checkpoint);
      if (refused !== null || stored === undefined) return refused as CheckpointReply;
      stored.next = checkpoint.next;
      stored.caughtUpAt = checkpoint.caughtUpAt ?? stored.caughtUpAt;
      for (const [field, text] of checkpoint.states)
        if (text === null) stored.states.delete(field);
        else stored.states.set(field, text);
      for (const letter of checkpoint.deadLetters)
        stored.deadLetters.set(`${letter.reducer}@${letter.offset}`, letter);
      return { status: 'done' };
    },
    async readMany(unit, fields) {
      await reach();
      reads.push(...fields);
      const states = units.get(identity(unit))?.states;
      return fields.map((field) => states?.get(field) ?? null);
    },
    async position(unit) {
      await reach();
      const stored = units.get(identity(unit));
      if (stored === undefined) return null;
      return { next: stored.next, caughtUpAt: stored.caughtUpAt, partitions: stored.facts.partitions };
    },
    async *entries(unit) {
      await reach();
      const states = [...(units.get(identity(unit))?.states ?? [])];
      const all: StateEntry[] = states.map(([field, value]) => ({ field, value }));
      for (let at = 0; at < all.length; at += PAGE_FIELDS) yield all.slice(at, at + PAGE_FIELDS);
    },
    async deadLetters(unit) {
      await reach();
      return [...(units.get(identity(unit))?.deadLetters.values() ?? [])];
    },
    async announce(hint) {
      await reach();
      if (!losingHints) for (const listener of [...listeners]) listener(hint);
    },
    async watch(listener) {
      await reach();
      const own = (hint: Hint): void => listener(hint);
      listeners.add(own);
      return async () => void listeners.delete(own);
    },
    check: reach,
    async close() {
      away = true;
      listeners.clear();
    },
  };
  return {
    store,
    setAway: (value) => {
      away = value;
    },
    setHanging: (value) => {
      hanging = value;
    },
    setLosingHints: (value) => {
      losingHints = value;
    },
    takeReads: () => reads.splice(0),
    watchers: () => listeners.size,
  };
}
