import { keyOf } from '../../../services/shared/log/partition-key.ts';
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
  /** Where it waited before it was copied here. */
  readonly copied: (TopicPartition & { readonly offset: number }) | null;
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

  const marks = new Map<string, number>();
  /** Whether there was a copy of it before, or of one that stood behind it. */
  const isCopyAgain = ({ copied }: Placed): boolean => {
    if (copied === null) return false;
    const mark = marks.get(keyOf(copied)) ?? -1;
    marks.set(keyOf(copied), Math.max(mark, copied.offset));
    return copied.offset <= mark;
  };

  return (placed) => {
    // What was appended again on purpose, and what is no event, is neither a duplicate nor makes one.
    if (placed.requeue !== null || placed.event.kind === 'undecodable') return false;
    const [byId, again] = [isInWindow(placed), isCopyAgain(placed)];
    return byId || again || isInSession(placed);
  };
}
