import type { EmbeddedEnv } from '../embedded.ts';
import { LecternError } from '../errors.ts';
import { createUnitTables, type StoredUnit } from './embedded-units.ts';
import type { Checkpoint, CheckpointReply, Hint, StateStore } from './port.ts';

export interface EmbeddedStateOptions {
  readonly env: EmbeddedEnv;
}

/** Null when the checkpoint may be written. */
function objection(stored: StoredUnit | undefined, checkpoint: Checkpoint): CheckpointReply | null {
  const next = stored?.next ?? null;
  if (stored?.token !== checkpoint.token) return { status: 'refused', because: 'token', stored: next };
  if (next === checkpoint.expected) return null;
  // Nobody else writes under this token, so the offset was moved by this command or a later one.
  if (next !== null && next >= checkpoint.next) return { status: 'repeated' };
  return { status: 'refused', because: 'offset', stored: next };
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
    claim: (unit, token, facts) =>
      write(() => {
        const stored = units.find(unit) ?? units.make(facts);
        units.put(unit, { ...stored, token });
        return { next: stored.next, facts: stored.facts };
      }),
    checkpoint: (unit, checkpoint) =>
      write(() => {
        const stored = units.find(unit);
        const refused = objection(stored, checkpoint);
        if (refused !== null) return refused;
        const { id, caughtUpAt } = stored!;
        for (const [field, value] of checkpoint.states) units.putState(id, field, value);
        for (const dead of checkpoint.deadLetters) units.putDeadLetter(id, dead);
        units.put(unit, {
          ...stored!,
          next: checkpoint.next,
          caughtUpAt: checkpoint.caughtUpAt ?? caughtUpAt,
        });
        return { status: 'done' };
      }),
    async readMany(unit, fields) {
      assertOpen();
      const stored = units.find(unit);
      return fields.map((field) => (stored === undefined ? null : units.state(stored.id, field)));
    },
    async position(unit) {
      assertOpen();
      const stored = units.find(unit);
      if (stored === undefined) return null;
      const { next, caughtUpAt, facts } = stored;
      return { next, caughtUpAt, partitions: facts.partitions };
    },
    async *entries(unit) {
      assertOpen();
      const stored = units.find(unit);
      if (stored !== undefined) yield* units.statePages(stored.id);
    },
    async deadLetters(unit) {
      assertOpen();
      const stored = units.find(unit);
      return stored === undefined ? [] : units.deadLetters(stored.id);
    },
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
