import { LecternError } from '../shared/errors.ts';
import { parseStateField } from '../shared/state-key.ts';
import type { Item, Numbered } from './intake.ts';
import { createSecondChance } from './second-chance.ts';
import { createSessionEntry, nameOf, type SessionEntry, sizeOf, writtenLength } from './session-entry.ts';
import { addSequence, firstOf, readSequences, type Sequences, writeSequences } from './session-sequences.ts';

/**
 * Which events of numbered sessions a unit had, in memory as far as they are needed: a part of its states, read with them
 * and written in the same checkpoints. What is decided is a function of the log alone.
 */
export interface Sessions {
  /** The fields to read for the sessions of a batch that are not in memory. */
  missing(items: readonly Item[]): readonly string[];
  /** Takes the texts of `missing`, in its order. Throws UNIT_STOPPED when one is no session. */
  fill(fields: readonly string[], texts: readonly (string | null)[]): void;
  /**
   * Takes an event in, of those that `missing` was last called with and in their order; false when its session had its
   * number before. True for an event that its client did not number. It counts as had whatever reducers make of it.
   */
  accept(item: Item): boolean;
  /** How many fields `write` will write. */
  readonly dirtyFields: number;
  /** About how many bytes they have, with their names. */
  readonly dirtyBytes: number;
  /** Adds what changed since the last time to the fields of a checkpoint. */
  write(states: Map<string, string | null>): void;
  isOverBudget(): boolean;
  /**
   * Drops sessions that were not used for longest until an eighth of the budget is free: only what is stored, so nothing
   * that changed, nor what the last `inFlight` checkpoints wrote. Not between `missing` and the batch's last `accept`.
   */
  evict(inFlight: number): void;
  /** The time of the last event that was taken in, as the log appended it; null before the first. */
  readonly logTime: number | null;
  /** Whether a field's text is of a session that no event can need any more. */
  isOver(text: string): boolean;
  /**
   * Has those of some fields removed by the next checkpoint that are over by now. The texts are as the store has them,
   * read while nothing was being taken in.
   */
  remove(fields: readonly string[], texts: readonly (string | null)[]): void;
}

export const DAY_MS = 86_400_000;
/** For how long after its last event a session is known, in time of the log. */
const KEPT_MS = 30 * DAY_MS;
/** Brokers' clocks differ: what is removed must be over for records that are a little older, too. */
const MARGIN_MS = DAY_MS;

/** The envelope when its client numbers its events; null else, and for what is requeued, which comes again on purpose. */
function numbered({ event, counted, requeued }: Item): Numbered | null {
  const given = counted ?? event?.envelope ?? null;
  if (given === null || requeued !== null) return null;
  return given.session === null || given.sequence === null || given.sequence < 0 ? null : given;
}

function read(text: string): Sequences {
  const sequences = readSequences(text);
  if (sequences !== null) return sequences;
  throw new LecternError(
    'UNIT_STOPPED',
    'a stored session cannot be read; something else wrote to the store: empty the unit there, and it is built anew',
  );
}

export function createSessions({ maxBytes }: { readonly maxBytes: () => number }): Sessions {
  const entries = new Map<string, SessionEntry>();
  const chances = createSecondChance<SessionEntry>();
  /** By student: the session looked at last, for most events also the next. */
  const latest = new Map<string, SessionEntry>();
  /** Asked for and not there yet, by name. */
  let asked = new Map<string, SessionEntry>();
  /** The events of the batch in hand, the session of each, and how many of them were looked at. */
  let batch: readonly Item[] = [];
  let places: readonly (SessionEntry | null)[] = [];
  let looked = 0;
  let dirty: SessionEntry[] = [];
  let dirtyBytes = 0;
  let cuts = 0;
  let totalBytes = 0;
  /** The last one that was taken in. */
  let last: Item | null = null;

  const find = ({ key, session }: Numbered): SessionEntry => {
    const recent = latest.get(key);
    if (recent !== undefined && recent.session === session) return recent;
    const name = nameOf(key, session!);
    const known = entries.get(name) ?? asked.get(name);
    const entry = known ?? createSessionEntry(key, session!);
    if (known === undefined) asked.set(name, entry);
    else latest.set(key, entry);
    return entry;
  };

  const measure = (entry: SessionEntry): void => {
    const size = sizeOf(entry);
    totalBytes += size - entry.size;
    entry.size = size;
  };

  const touch = (entry: SessionEntry): void => {
    const { gaps, missed } = entry.sequences ?? {};
    const lacksSome = gaps != null || missed != null;
    if (entry.size === 0 || lacksSome) measure(entry);
    if (entry.isDirty && !lacksSome) return;
    const written = writtenLength(entry);
    dirtyBytes += written - entry.counted;
    entry.counted = written;
    if (entry.isDirty) return;
    entry.isDirty = true;
    dirty.push(entry);
  };

  const isStored = (entry: SessionEntry, inFlight: number): boolean =>
    !entry.isDirty && entry.cut <= cuts - inFlight;

  const isOver = ({ timestamp }: Sequences): boolean =>
    last !== null && last.timestamp - timestamp > KEPT_MS + MARGIN_MS;

  const add = (entry: SessionEntry): void => {
    entries.set(entry.name, entry);
    chances.add(entry);
  };

  const forget = (entry: SessionEntry): void => {
    entries.delete(entry.name);
    totalBytes -= entry.size;
    if (latest.get(entry.student) === entry) latest.delete(entry.student);
  };

  return {
    missing(items) {
      asked = new Map();
      batch = items;
      looked = 0;
      places = items.map((item) => {
        const event = numbered(item);
        return event === null ? null : find(event);
      });
      return [...asked.values()].map(({ field }) => field);
    },
    fill(_fields, texts) {
      let at = 0;
      for (const entry of asked.values()) {
        const text = texts[at++] ?? null;
        entry.sequences = text === null ? null : read(text);
        add(entry);
        measure(entry);
      }
      asked = new Map();
    },
    accept(item) {
      while (looked < batch.length && batch[looked] !== item) looked += 1;
      const entry = places[looked++];
      if (entry === undefined) throw new Error('the sessions of the batch were not asked for');
      last = item;
      if (entry === null) return true;
      const { timestamp } = item;
      const sequence = numbered(item)!.sequence!;
      const { sequences } = entry;
      entry.used = true;
      if (sequences === null || timestamp - sequences.timestamp > KEPT_MS)
        entry.sequences = firstOf(sequence, timestamp);
      else if (!addSequence(sequences, sequence, timestamp, item.origin !== null)) return false;
      touch(entry);
      return true;
    },
    get dirtyFields() {
      return dirty.length;
    },
    get dirtyBytes() {
      return dirtyBytes;
    },
    write(states) {
      cuts += 1;
      for (const entry of dirty) {
        states.set(entry.field, entry.sequences === null ? null : writeSequences(entry.sequences));
        entry.isDirty = false;
        entry.counted = 0;
        entry.cut = cuts;
      }
      dirty = [];
      dirtyBytes = 0;
    },
    isOverBudget: () => totalBytes > maxBytes(),
    evict(inFlight) {
      const enough = (maxBytes() * 7) / 8;
      chances.evict(
        () => totalBytes <= enough,
        (entry) => !isStored(entry, inFlight),
        forget,
      );
    },
    get logTime() {
      return last?.timestamp ?? null;
    },
    isOver(text) {
      const sequences = readSequences(text);
      return sequences !== null && isOver(sequences);
    },
    remove(fields, texts) {
      for (const [at, field] of fields.entries()) {
        const { SESSION: session, STUDENT: student } = parseStateField(field).values;
        const name = nameOf(student!, session!);
        const known = entries.get(name);
        const text = texts[at] ?? null;
        // What is in memory is newer than what is stored.
        const sequences = known === undefined ? text && read(text) : known.sequences;
        if (!sequences || !isOver(sequences)) continue;
        const entry = known ?? createSessionEntry(student!, session!);
        if (known === undefined) add(entry);
        entry.sequences = null;
        touch(entry);
      }
    },
  };
}
