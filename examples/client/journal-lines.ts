import { readFile } from 'node:fs/promises';
import { ClientError } from './client-error.ts';
import type { StoredEvent } from './event-store.ts';

// A file's lines, each JSON: the head, which names the session, then what happened since the file was written anew.

export const headLine = (session: string, reserved: number): string => JSON.stringify({ session, reserved });
export const reserveLine = (reserved: number): string => JSON.stringify({ reserved });
/** The frame stands in it as it was, letter for letter. */
export const addLine = ({ sequence, text }: StoredEvent): string => `{"add":${sequence},"frame":${text}}`;
export const removeLine = (remove: number): string => JSON.stringify({ remove });
export const removeThroughLine = (through: number): string => JSON.stringify({ through });

const ADD = /^\{"add":(\d+),"frame":(\{.*\})\}$/;

interface Line {
  readonly session?: string;
  readonly reserved?: number;
  readonly add?: number;
  readonly remove?: number;
  readonly through?: number;
}

export interface FoundJournal {
  /** Null when there is no file yet. */
  readonly session: string | null;
  readonly reserved: number;
  /** What is to be sent, by number. */
  readonly events: readonly StoredEvent[];
  /** Lines that could not be read. */
  readonly damaged: number;
}

function parse(line: string): Line | null {
  try {
    return Object(JSON.parse(line)) as Line;
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

interface Reading {
  readonly events: Map<number, StoredEvent>;
  reserved: number;
}

/** Takes in what a line says; false when it cannot be read. */
function takeIn(line: string, into: Reading): boolean {
  const read = line === '' ? {} : parse(line);
  if (read === null) return false;
  const { add, remove, through, reserved } = read;
  if (add !== undefined) {
    const text = ADD.exec(line)?.[2];
    if (text === undefined) return false;
    into.events.set(add, { sequence: add, text });
  }
  if (remove !== undefined) into.events.delete(remove);
  if (through !== undefined)
    for (const sequence of into.events.keys()) if (sequence <= through) into.events.delete(sequence);
  if (reserved !== undefined) into.reserved = Math.max(into.reserved, reserved);
  return true;
}

/** Reads a file through to its end. The last line has not been written wholly when no end of line follows it. */
export async function readJournal(path: string): Promise<FoundJournal> {
  const text = await readText(path);
  if (text === null) return { session: null, reserved: -1, events: [], damaged: 0 };
  const [first = '', ...lines] = text.split('\n').slice(0, -1);
  const head = parse(first);
  if (typeof head?.session !== 'string')
    throw new ClientError(
      'STORE',
      `${path}: the first line names no session: move the file away to begin anew`,
    );
  const into: Reading = { events: new Map(), reserved: head.reserved ?? -1 };
  const damaged = lines.filter((line) => !takeIn(line, into)).length;
  const events = [...into.events.values()].sort((a, b) => a.sequence - b.sequence);
  return { session: head.session, reserved: into.reserved, events, damaged };
}
