import type { LogRecord } from '../shared/log/port.ts';
import { copiedFrom } from '../shared/unclaimed/copy-headers.ts';
import { createMarks } from './rekey-marks.ts';
import type { Origin } from './rekey-origin.ts';
import type { Sessions } from './sessions.ts';

/** Where an event was before its source was claimed; null for one that its sender's gateway put here. */
export function copyOriginOf(headers: LogRecord['headers']): Origin | null {
  const from = copiedFrom(headers);
  return from && { ...from, n: 0 };
}

/**
 * The sessions of a unit whose topic may hold copies of events that waited unclaimed. Whoever copies a partition does so
 * in its order, from a place below which everything is copied already. So what the topic has of it has no gaps, however
 * many copied at once and however often one began again, and a copy that is not above the highest was there before.
 *
 * A copy that is a duplicate by its id raises the mark, too: its own copy may come once more, when the id is forgotten.
 */
export function withCopies(sessions: Sessions): Sessions {
  const marks = createMarks();
  /** How many of the fields that were asked for are of sessions. */
  let asked = 0;
  return {
    missing(items) {
      const fields = sessions.missing(items);
      asked = fields.length;
      const more = marks.missing(items);
      return more.length === 0 ? fields : [...fields, ...more];
    },
    fill(fields, texts) {
      sessions.fill(fields.slice(0, asked), texts.slice(0, asked));
      marks.fill(fields.slice(asked), texts.slice(asked));
    },
    accept(item) {
      if (item.origin === null) return sessions.accept(item);
      const isNew = marks.accept(item);
      if (item.event === null && item.refusal === null) return true;
      return isNew && sessions.accept(item);
    },
    get dirtyFields() {
      return sessions.dirtyFields + marks.dirtyFields;
    },
    get dirtyBytes() {
      return sessions.dirtyBytes + marks.dirtyBytes;
    },
    write(states) {
      sessions.write(states);
      marks.write(states);
    },
    isOverBudget: sessions.isOverBudget,
    evict: sessions.evict,
    get logTime() {
      return sessions.logTime;
    },
    isOver: sessions.isOver,
    remove: sessions.remove,
  };
}
