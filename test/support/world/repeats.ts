import type { TopicPartition } from '../../../services/shared/log/port.ts';
import type { WorldEvent } from './events.ts';

/** One of the places that an event has in a rekey topic. */
export interface Rekeyed extends TopicPartition {
  readonly offset: number;
  /** Which of the event's records. */
  readonly n: number;
  readonly key: string;
}

/** A record as the log has it, with the event that it was made of. */
export interface Placed {
  readonly offset: number;
  /** When the log appended it, in milliseconds. */
  readonly timestamp: number;
  readonly event: WorldEvent;
  /** The dead letter that the record was appended again for. */
  readonly requeue: { readonly module: string; readonly reducer: string; readonly offset: number } | null;
  /** In a rekey topic: where the event stands, and under which key it is given here. */
  readonly rekeyed: Rekeyed | null;
}

const WINDOW = 10_000;
const KEPT_SEQUENCES = 1_024;
const KEPT_MS = 30 * 86_400_000;

interface Session {
  readonly had: Set<number>;
  highest: number;
  timestamp: number;
}

/** Decides which records of one partition are duplicates, by the definition, one after another. */
export function createRepeats(): (placed: Placed) => boolean {
  const lastSeen = new Map<string, number>();
  const sessions = new Map<string, Session>();

  const isInWindow = ({ event, offset }: Placed): boolean => {
    const name = JSON.stringify([event.student, event.id]);
    const last = lastSeen.get(name);
    lastSeen.set(name, offset);
    return last !== undefined && offset - last <= WINDOW;
  };
  const isInSession = ({ event, timestamp }: Placed): boolean => {
    const { session, sequence, student } = event;
    if (session === null || sequence === null) return false;
    const name = JSON.stringify([student, session]);
    const known = sessions.get(name);
    const isKept = known !== undefined && timestamp - known.timestamp <= KEPT_MS;
    const kept = isKept ? known : { had: new Set<number>(), highest: sequence, timestamp };
    sessions.set(name, kept);
    if (kept.had.has(sequence) || sequence < kept.highest - KEPT_SEQUENCES) return true;
    kept.had.add(sequence);
    kept.highest = Math.max(kept.highest, sequence);
    kept.timestamp = timestamp;
    return false;
  };

  return (placed) => {
    // What was appended again on purpose, and what is no event, is neither a duplicate nor makes one.
    if (placed.requeue !== null || placed.event.kind === 'undecodable') return false;
    return isInWindow(placed) || isInSession(placed);
  };
}
