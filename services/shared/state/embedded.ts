import type { EmbeddedEnv } from '../embedded.ts';
import { LecternError } from '../errors.ts';
import { removeUnit } from './embedded-removal.ts';
import { createUnitTables } from './embedded-units.ts';
import { alteration } from './lengths.ts';
import type { DeadLetterKey, Hint, StateStore } from './port.ts';
import { advanced, claimed, copied, emptied, marked, objection, toClaim, toPosition } from './unit-meta.ts';

export interface EmbeddedStateOptions {
  readonly env: EmbeddedEnv;
}

/** `StateStore` in the LMDB environment of a data directory, for all services in one process. */
export function createEmbeddedState({ env }: EmbeddedStateOptions): StateStore {
  const units = createUnitTables(env);
  const listeners = new Set<(hint: Hint) => void>();
  let closed = false;

  const assertOpen = (): void => {
    if (closed || !env.isOpen()) throw new LecternError('STATE_UNAVAILABLE', 'the state store is closed');
  };
  const write = async <T>(action: () => T): Promise<T> => {
    assertOpen();
    try {
      return await env.transaction(action);
    } catch (cause) {
      const fault = await env.faultOf(cause);
      if (fault === null) throw cause;
      const code = fault.full ? 'STATE_FULL' : 'STATE_UNAVAILABLE';
      throw new LecternError(code, fault.message, { cause, retriable: true });
    }
  };

  return {
    claim: (unit, token, facts, logEnd) =>
      write(() => {
        const stored = units.find(unit);
        const meta = claimed(stored, token, facts, logEnd);
        if (meta !== stored) units.put(unit, { ...meta, id: stored?.id ?? units.freeId() });
        return toClaim(meta);
      }),
    mark: (unit, token, attempt) =>
      write(() => {
        const stored = units.find(unit);
        const meta = marked(stored, token, attempt);
        if (meta !== null && meta !== stored) units.put(unit, { ...meta, id: stored!.id });
        return meta !== null;
      }),
    checkpoint: (unit, checkpoint) =>
      write(() => {
        const stored = units.find(unit);
        const refused = objection(stored, checkpoint);
        if (refused !== null) return refused;
        const { id } = stored!;
        const altered = alteration(checkpoint, (field) => units.state(id, field));
        if (altered !== null) return altered;
        for (const [field, value] of checkpoint.states) units.putState(id, field, value);
        for (const key of checkpoint.closed) units.removeDeadLetter(id, key);
        for (const letter of checkpoint.deadLetters) units.putDeadLetter(id, { ...letter, copy: null });
        units.put(unit, { ...advanced(stored!, checkpoint), id });
        return { status: 'done' };
      }),
    reset: (unit, token) =>
      write(() => {
        const stored = units.find(unit);
        const meta = emptied(stored, token);
        if (meta === null) return false;
        units.clear(stored!.id);
        units.put(unit, { ...meta, id: stored!.id });
        return true;
      }),
    async readMany(unit, fields) {
      assertOpen();
      const stored = units.find(unit);
      return fields.map((field) => (stored === undefined ? null : units.state(stored.id, field)));
    },
    async position(unit) {
      assertOpen();
      const stored = units.find(unit);
      return stored === undefined ? null : toPosition(stored);
    },
    async *entries(unit) {
      assertOpen();
      const stored = units.find(unit);
      if (stored !== undefined) yield* units.statePages(stored.id);
    },
    async *deadLetters(unit) {
      assertOpen();
      const stored = units.find(unit);
      if (stored !== undefined) yield* units.deadLetterPages(stored.id);
    },
    async deadLetterKeys(unit) {
      assertOpen();
      const stored = units.find(unit);
      const keys: DeadLetterKey[] = [];
      if (stored !== undefined)
        for (const page of units.deadLetterPages(stored.id))
          for (const { reducer, offset } of page) keys.push({ reducer, offset });
      return keys;
    },
    relayed: (unit, copies) =>
      write(() => {
        const stored = units.find(unit);
        if (stored === undefined) return;
        for (const { copy, ...key } of copies) {
          const letter = units.deadLetter(stored.id, key);
          if (letter !== undefined) units.putDeadLetter(stored.id, copied(letter, copy));
        }
      }),
    remove: (unit) => removeUnit(units, unit, write),
    async announce(hint) {
      if (hint.fields.length === 0) return;
      // Later, and each alone: a listener that throws is neither the announcer's fault nor another listener's.
      for (const listener of listeners)
        void Promise.resolve(hint)
          .then(listener)
          .catch(() => undefined);
    },
    async watch(listener) {
      listeners.add(listener);
      return async () => {
        listeners.delete(listener);
      };
    },
    async check() {
      assertOpen();
    },
    async close() {
      closed = true;
      listeners.clear();
    },
  };
}
