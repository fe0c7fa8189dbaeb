import { createHash } from 'node:crypto';
import type { EmbeddedEnv } from '../embedded.ts';
import type { DeadLetter, StateEntry, Unit, UnitFacts } from './port.ts';

/** What is stored of a unit besides its states and dead letters. `id` stands for it in their keys. */
export interface StoredUnit {
  readonly id: number;
  readonly token: string;
  readonly next: number | null;
  readonly caughtUpAt: number | null;
  readonly facts: UnitFacts;
}

/** The tables of the state store. What writes works only inside a transaction. */
export interface UnitTables {
  find(unit: Unit): StoredUnit | undefined;
  /** A unit that is not stored yet, with an id of its own and no owner. */
  make(facts: UnitFacts): StoredUnit;
  put(unit: Unit, stored: StoredUnit): void;
  state(id: number, field: string): string | null;
  putState(id: number, field: string, value: string | null): void;
  statePages(id: number): Iterable<readonly StateEntry[]>;
  putDeadLetter(id: number, dead: DeadLetter): void;
  deadLetters(id: number): readonly DeadLetter[];
}

const PAGE = 1_000;
/** LMDB's keys are short. A longer name is replaced by its hash, and stands before the value. */
const MAX_FIELD_BYTES = 1_500;
const NAMED = 0;
const HASHED = 1;

/** Unit id (4, big-endian), kind (1), then the name in UTF-8 or its SHA-256. */
function keyOf(id: number, name: string): Buffer {
  const bytes = Buffer.from(name);
  const isHashed = bytes.length > MAX_FIELD_BYTES;
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(id);
  head.writeUInt8(isHashed ? HASHED : NAMED, 4);
  return Buffer.concat([head, isHashed ? createHash('sha256').update(bytes).digest() : bytes]);
}

/** From just behind a key, or from the beginning of a unit, to its end. */
function rangeOf(id: number, after?: Buffer) {
  const end = Buffer.allocUnsafe(4);
  end.writeUInt32BE(id + 1);
  const start = after === undefined ? keyOf(id, '') : Buffer.concat([after, Buffer.from([0])]);
  return { start, end };
}

type StoredState = string | readonly [field: string, value: string];

export function createUnitTables(env: EmbeddedEnv): UnitTables {
  const units = env.table<StoredUnit>('units', 'msgpack');
  const states = env.table<StoredState>('states', 'msgpack');
  const dead = env.table<DeadLetter>('dead-letters', 'msgpack');
  const unitKey = ({ module, topic, partition }: Unit): Buffer =>
    Buffer.from(`${module}\0${topic}\0${partition}`);

  const toEntry = (key: Buffer, stored: StoredState): StateEntry =>
    typeof stored === 'string'
      ? { field: key.toString('utf8', 5), value: stored }
      : { field: stored[0], value: stored[1] };

  return {
    find: (unit) => units.get(unitKey(unit)),
    // Units are never deleted, so their number is a free id.
    make: (facts) => ({ id: units.getKeysCount({}), token: '', next: null, caughtUpAt: null, facts }),
    put(unit, stored) {
      void units.put(unitKey(unit), stored);
    },
    state(id, field) {
      const stored = states.get(keyOf(id, field));
      if (stored === undefined) return null;
      return typeof stored === 'string' ? stored : stored[1];
    },
    putState(id, field, value) {
      const key = keyOf(id, field);
      if (value === null) void states.remove(key);
      else void states.put(key, key[4] === HASHED ? [field, value] : value);
    },
    *statePages(id) {
      let after: Buffer | undefined;
      for (;;) {
        // Each page is read in one go: an open range would pin the whole environment's old pages.
        const page = [...states.getRange({ ...rangeOf(id, after), limit: PAGE })];
        if (page.length === 0) return;
        yield page.map(({ key, value }) => toEntry(key, value));
        after = page.at(-1)!.key;
      }
    },
    putDeadLetter(id, letter) {
      void dead.put(keyOf(id, `${letter.reducer}@${letter.offset}`), letter);
    },
    deadLetters: (id) => [...dead.getRange(rangeOf(id))].map(({ value }) => value),
  };
}
