import type { HistoryRecord } from './records.ts';

const WINDOW = 10_000;
const TOLD_APART = 1_024;

interface Session {
  highest: number;
  readonly had: Set<number>;
}

/** Tells the duplicates of one partition, asked about each record in turn. */
export function createDuplicates(): (record: HistoryRecord) => boolean {
  const lastOffsets = new Map<string, number>();
  const sessions = new Map<string, Session>();
  return ({ offset, event }) => {
    if (event === null) return false;
    const { id, key, session, sequence } = event;
    const name = JSON.stringify([key, id]);
    const before = lastOffsets.get(name);
    lastOffsets.set(name, offset);
    if (before !== undefined && offset - before <= WINDOW) return true;
    if (session === null || sequence === null) return false;
    const sessionName = JSON.stringify([key, session]);
    const known = sessions.get(sessionName) ?? { highest: sequence, had: new Set<number>() };
    sessions.set(sessionName, known);
    if (known.had.has(sequence) || sequence < known.highest - TOLD_APART) return true;
    known.had.add(sequence);
    known.highest = Math.max(known.highest, sequence);
    return false;
  };
}
