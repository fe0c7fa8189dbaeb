import { LecternError } from '../../services/shared/errors.ts';
import { alteration } from '../../services/shared/state/lengths.ts';
import type {
  CheckpointReply,
  Hint,
  OpenDeadLetter,
  StateEntry,
  StateStore,
} from '../../services/shared/state/port.ts';
import {
  advanced,
  claimed,
  copied,
  emptied,
  marked,
  nameOf,
  objection,
  toClaim,
  toPosition,
  type UnitMeta,
} from '../../services/shared/state/unit-meta.ts';
import { unitName } from '../../services/shared/state/unit-name.ts';

interface StoredUnit {
  meta: UnitMeta;
  readonly states: Map<string, string>;
  /** By reducer and offset. */
  readonly deadLetters: Map<string, OpenDeadLetter>;
}

const PAGE = 100;

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

function* pagesOf<T>(all: readonly T[]): Iterable<readonly T[]> {
  for (let at = 0; at < all.length; at += PAGE) yield all.slice(at, at + PAGE);
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
    async claim(unit, token, facts, logEnd) {
      await reach();
      const known = units.get(unitName(unit));
      const meta = claimed(known?.meta, token, facts, logEnd);
      if (known === undefined) units.set(unitName(unit), { meta, states: new Map(), deadLetters: new Map() });
      else known.meta = meta;
      return toClaim(meta);
    },
    async mark(unit, token, attempt) {
      await reach();
      const known = units.get(unitName(unit));
      const meta = marked(known?.meta, token, attempt);
      if (known === undefined || meta === null) return false;
      known.meta = meta;
      return true;
    },
    async checkpoint(unit, checkpoint) {
      await reach();
      const stored = units.get(unitName(unit));
      const refused = objection(stored?.meta, checkpoint);
      if (refused !== null || stored === undefined) return refused as CheckpointReply;
      const altered = alteration(checkpoint, (field) => stored.states.get(field) ?? null);
      if (altered !== null) return altered;
      stored.meta = advanced(stored.meta, checkpoint);
      for (const [field, text] of checkpoint.states)
        if (text === null) stored.states.delete(field);
        else stored.states.set(field, text);
      for (const key of checkpoint.closed) stored.deadLetters.delete(nameOf(key));
      for (const letter of checkpoint.deadLetters)
        stored.deadLetters.set(nameOf(letter), { ...letter, copy: null });
      return { status: 'done' };
    },
    async reset(unit, token) {
      await reach();
      const stored = units.get(unitName(unit));
      const meta = emptied(stored?.meta, token);
      if (stored === undefined || meta === null) return false;
      stored.meta = meta;
      stored.states.clear();
      stored.deadLetters.clear();
      return true;
    },
    async readMany(unit, fields) {
      await reach();
      reads.push(...fields);
      const states = units.get(unitName(unit))?.states;
      return fields.map((field) => states?.get(field) ?? null);
    },
    async position(unit) {
      await reach();
      const stored = units.get(unitName(unit));
      return stored === undefined ? null : toPosition(stored.meta);
    },
    async *entries(unit) {
      await reach();
      const states = [...(units.get(unitName(unit))?.states ?? [])];
      yield* pagesOf(states.map(([field, value]): StateEntry => ({ field, value })));
    },
    async *deadLetters(unit) {
      await reach();
      yield* pagesOf([...(units.get(unitName(unit))?.deadLetters.values() ?? [])]);
    },
    async deadLetterKeys(unit) {
      await reach();
      const letters = [...(units.get(unitName(unit))?.deadLetters.values() ?? [])];
      return letters.map(({ reducer, offset }) => ({ reducer, offset }));
    },
    async relayed(unit, copies) {
      await reach();
      const letters = units.get(unitName(unit))?.deadLetters;
      for (const { copy, ...key } of copies) {
        const letter = letters?.get(nameOf(key));
        if (letter !== undefined) letters!.set(nameOf(key), copied(letter, copy));
      }
    },
    async remove(unit) {
      await reach();
      units.delete(unitName(unit));
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
