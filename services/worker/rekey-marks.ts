import { LecternError } from '../shared/errors.ts';
import { type Mark, markField, readMark, writeMark } from '../shared/rekey-mark.ts';
import { isAbove } from './rekey-origin.ts';
import type { Sessions } from './sessions.ts';

/** A topic's name has 249 characters at most, and each of the numbers 16. */
const MARK_BYTES = 300;

interface Entry {
  readonly field: string;
  mark: Mark | null;
  isDirty: boolean;
}

function read(text: string): Mark {
  const mark = readMark(text);
  if (mark !== null) return mark;
  throw new LecternError(
    'UNIT_STOPPED',
    'a stored mark of a source cannot be read; something else wrote to the store: empty the unit there, and it is built anew',
  );
}

/**
 * What a rekey unit has of each source partition, in the place where other units keep their sessions: read with the
 * states and written in the same checkpoints.
 *
 * Whoever publishes a source partition does so in its order, from a place below which everything was acknowledged. So
 * what a rekey partition had of it has no gaps, and a record that is not above the highest place was there before. There
 * are as many marks as source partitions, so none is ever dropped.
 */
export function createMarks(): Sessions {
  const entries = new Map<string, Entry>();
  let dirty: Entry[] = [];

  return {
    missing(items) {
      const fields = new Set<string>();
      for (const item of items) {
        const origin = item.origin;
        if (origin === null) continue;
        const field = markField(origin);
        if (!entries.has(field)) fields.add(field);
      }
      return [...fields];
    },
    fill(fields, texts) {
      for (const [index, field] of fields.entries()) {
        const text = texts[index] ?? null;
        entries.set(field, { field, mark: text === null ? null : read(text), isDirty: false });
      }
    },
    accept(item) {
      const origin = item.origin;
      if (origin === null) return true;
      const entry = entries.get(markField(origin));
      if (entry === undefined) throw new Error('the marks of the batch were not asked for');
      if (!isAbove(origin, entry.mark)) return false;
      entry.mark = { offset: origin.offset, n: origin.n };
      if (!entry.isDirty) dirty.push(entry);
      entry.isDirty = true;
      return true;
    },
    get dirtyFields() {
      return dirty.length;
    },
    get dirtyBytes() {
      return MARK_BYTES * dirty.length;
    },
    write(states) {
      for (const entry of dirty) {
        states.set(entry.field, writeMark(entry.mark!));
        entry.isDirty = false;
      }
      dirty = [];
    },
    isOverBudget: () => false,
    evict: () => undefined,
    logTime: null,
    isOver: () => false,
    remove: () => undefined,
  };
}
