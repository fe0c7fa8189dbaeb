import type { LongObject } from 'lectern/reducers';

/** What stands for text that nobody has seen: the history of a document is not always known from its beginning. */
const GAP = '\u0000';
/**
 * So many characters may be missing before an edit. Where it is further away, its event is refused: a position is a few
 * digits, and what it makes others keep and read must not be without bounds.
 */
const LONGEST_GAP = 1_048_576;

/** One text that is edited: the document's own, or that of a tab. Positions count from 1, in UTF-16 units. */
export interface TextDocument {
  /** Puts a text before a position, and notes the edit. */
  insert(position: number, text: string): void;
  /** Takes out what stands from one position to another, that one too, and notes the edit. */
  remove(from: number, to: number): void;
  /** Puts a text in the place of so many characters from a position on, which is not noted. */
  replace(position: number, count: number, text: string): void;
}

/** The text that lies in the state under some names, one within another. */
export function openTextDocument(state: LongObject, path: readonly string[]): TextDocument {
  const text = state.text(...path, 'text');
  const cursors = state.list(...path, 'edit_metadata', 'cursor');
  const lengths = state.list(...path, 'edit_metadata', 'length');
  const position = [...path, 'position'];
  if (state.get(...position) === undefined) state.set(position, 0);

  const edited = (at: number): void => {
    state.set(position, at);
    cursors.append(at);
    lengths.append(text.length);
  };

  /** An edit of its own. */
  const insertGap = (at: number, count: number): void => {
    if (count > LONGEST_GAP)
      throw new RangeError(
        `a command is about a place ${count} characters beyond a text of ${text.length}; gaps of ${LONGEST_GAP} are filled`,
      );
    text.splice(at - 1, 0, GAP, count);
    edited(at + count);
  };

  const fillUpTo = (length: number): void => {
    if (length > text.length) insertGap(text.length + 1, length - text.length);
  };

  return {
    insert(at, inserted) {
      fillUpTo(at - 1);
      text.splice(at - 1, 0, inserted);
      edited(at + inserted.length);
    },
    remove(from, to) {
      // Both gaps by the length that the text had before, as the editor's own positions make it.
      const before = text.length;
      if (from > before) insertGap(before + 1, from - before);
      if (to > before) insertGap(before + 1, to - before);
      if (to >= from) text.splice(from - 1, to - from + 1);
      edited(from);
    },
    replace(at, count, replacement) {
      fillUpTo(at - 1);
      text.splice(at - 1, Math.min(count, text.length - (at - 1)), replacement);
    },
  };
}
