/** A command of a document's history: positions count UTF-16 units from 1, both ends included. */
export type Command =
  | { readonly ty: 'is'; readonly ibi: number; readonly s: string }
  | { readonly ty: 'ds'; readonly si: number; readonly ei: number };

/** A document as its editor knows it. */
export interface DemoDocument {
  readonly id: string;
  readonly title: string;
  length(): number;
  /** Where the next character goes, from 1. */
  cursor(): number;
  moveTo(position: number): void;
  /** Types at the cursor, and moves it behind what was typed. */
  type(text: string): Command;
  /** Deletes the characters before the cursor, at most as many as there are; null at the document's start. */
  erase(count: number): Command | null;
}

export function createDemoDocument(id: string, title: string): DemoDocument {
  let length = 0;
  let cursor = 1;
  return {
    id,
    title,
    length: () => length,
    cursor: () => cursor,
    moveTo(position) {
      cursor = Math.min(Math.max(position, 1), length + 1);
    },
    type(text) {
      const command: Command = { ty: 'is', ibi: cursor, s: text };
      length += text.length;
      cursor += text.length;
      return command;
    },
    erase(count) {
      const erased = Math.min(count, cursor - 1);
      if (erased < 1) return null;
      const command: Command = { ty: 'ds', si: cursor - erased, ei: cursor - 1 };
      length -= erased;
      cursor -= erased;
      return command;
    },
  };
}
