import { createHash } from 'node:crypto';
import type { EmbeddedEnv } from '../embedded.ts';
import type { RemovalTables } from './embedded-removal.ts';
import type { DeadLetterKey, OpenDeadLetter, StateEntry, Unit } from './port.ts';
import { nameOf, type UnitMeta } from './unit-meta.ts';

/** What is stored of a unit besides its states and dead letters. `id` stands for it in their keys. */
export interface StoredUnit extends UnitMeta {
  readonly id: number;
}

/** The tables of the state store. What writes works only inside a transaction. */
export interface UnitTables extends RemovalTables {
  find(unit: Unit): StoredUnit | undefined;
  /** For a unit that is not stored yet. */
  freeId(): number;
  put(unit: Unit, stored: StoredUnit): void;
  state(id: number, field: string): string | null;
  putState(id: number, field: string, value: string | null): void;
  statePages(id: number): Iterable<readonly StateEntry[]>;
  deadLetter(id: number, key: DeadLetterKey): OpenDeadLetter | undefined;
  putDeadLetter(id: number, dead: OpenDeadLetter): void;
  removeDeadLetter(id: number, key: DeadLetterKey): void;
  deadLetterPages(id: number): Iterable<readonly OpenDeadLetter[]>;
  /** Removes all states and dead letters. */
  clear(id: number): void;
}

const STATES_A_PAGE = 1_000;
/** Fewer, because each may hold a stack. */
const DEAD_LETTERS_A_PAGE = 100;
/** LMDB's keys are short. A longer name is replaced by its hash, and stands before the value. */
/** Rows, in one transaction. */
const REMOVED_AT_ONCE = 1_000;
/** Stands before the ids of units that are being removed; no module's name begins so. */
const REMOVING = 0;
const REMOVING_END = Buffer.from([REMOVING + 1]);
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

function removingKey(id: number): Buffer {
  const key = Buffer.alloc(5, REMOVING);
  key.writeUInt32BE(id, 1);
  return key;
}

/** From just behind a key, or from the beginning of a unit, to its end. */
function rangeOf(id: number, after?: Buffer) {
  const end = Buffer.allocUnsafe(4);
  end.writeUInt32BE(id + 1);
  const start = after === undefined ? keyOf(id, '') : Buffer.concat([after, Buffer.from([0])]);
  return { start, end };
}

interface Row<V> {
  readonly key: Buffer;
  readonly value: V;
}

interface Ranges<V> {
  getRange(range: ReturnType<typeof rangeOf> & { readonly limit: number }): Iterable<Row<V>>;
}

/** Each page is read in one go: an open range would pin the whole environment's old pages. */
function* pagesOf<V>(table: Ranges<V>, id: number, limit: number): Iterable<readonly Row<V>[]> {
  let after: Buffer | undefined;
  for (;;) {
    const page = [...table.getRange({ ...rangeOf(id, after), limit })];
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)!.key;
  }
}

type StoredState = string | readonly [field: string, value: string];

export function createUnitTables(env: EmbeddedEnv): UnitTables {
  const units = env.table<StoredUnit>('units', 'msgpack');
  const states = env.table<StoredState>('states', 'msgpack');
  const dead = env.table<OpenDeadLetter>('dead-letters', 'msgpack');
  const unitKey = ({ module, topic, partition }: Unit): Buffer =>
    Buffer.from(`${module}\0${topic}\0${partition}`);

  const toEntry = (key: Buffer, stored: StoredState): StateEntry =>
    typeof stored === 'string'
      ? { field: key.toString('utf8', 5), value: stored }
      : { field: stored[0], value: stored[1] };

  return {
    find: (unit) => units.get(unitKey(unit)),
    // Above all that have something, those that are being removed too. There are few units, and each is new once.
    freeId: () => [...units.getRange({})].reduce((free, { value }) => Math.max(free, value.id + 1), 0),
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
      for (const page of pagesOf(states, id, STATES_A_PAGE))
        yield page.map(({ key, value }) => toEntry(key, value));
    },
    deadLetter: (id, key) => dead.get(keyOf(id, nameOf(key))),
    putDeadLetter(id, letter) {
      void dead.put(keyOf(id, nameOf(letter)), letter);
    },
    removeDeadLetter(id, key) {
      void dead.remove(keyOf(id, nameOf(key)));
    },
    *deadLetterPages(id) {
      for (const page of pagesOf(dead, id, DEAD_LETTERS_A_PAGE)) yield page.map(({ value }) => value);
    },
    unname(unit) {
      const stored = units.get(unitKey(unit));
      if (stored === undefined) return;
      void units.remove(unitKey(unit));
      void units.put(removingKey(stored.id), stored);
    },
    removing: () =>
      [...units.getRange({ start: removingKey(0), end: REMOVING_END })].map(({ value }) => value.id),
    removeSome(id) {
      for (const table of [states, dead]) {
        const keys = [...table.getRange({ ...rangeOf(id), limit: REMOVED_AT_ONCE })].map(({ key }) => key);
        for (const key of keys) void table.remove(key);
        if (keys.length > 0) return true;
      }
      void units.remove(removingKey(id));
      return false;
    },
    clear(id) {
      for (const page of pagesOf(states, id, STATES_A_PAGE))
        for (const { key } of page) void states.remove(key);
      for (const page of pagesOf(dead, id, DEAD_LETTERS_A_PAGE))
        for (const { key } of page) void dead.remove(key);
    },
  };
}
