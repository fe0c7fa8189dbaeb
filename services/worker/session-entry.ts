import { sessionField } from '../shared/state-key.ts';
import { lengthOfSequences, type Sequences } from './session-sequences.ts';

/** A session of a student, in memory. */
export interface SessionEntry {
  readonly name: string;
  readonly student: string;
  readonly session: string;
  readonly field: string;
  /** Null for a session without any event, which has no field. */
  sequences: Sequences | null;
  isDirty: boolean;
  /** What it counts for among the bytes of the next checkpoint. */
  counted: number;
  /** The number of the checkpoint that it was last part of. */
  cut: number;
  /** Whether it was used since eviction last came by. */
  used: boolean;
  size: number;
}

/** What an entry takes in memory besides its name, field and what it lacks. */
const ENTRY_OVERHEAD_BYTES = 300;

/** A length keeps `ab` with `c` apart from `a` with `bc`. */
export const nameOf = (student: string, session: string): string => `${session.length},${session}${student}`;

export function createSessionEntry(student: string, session: string): SessionEntry {
  return {
    name: nameOf(student, session),
    student,
    session,
    field: sessionField(student, session),
    sequences: null,
    isDirty: false,
    counted: 0,
    cut: 0,
    used: true,
    size: 0,
  };
}

/** What it takes in memory. */
export const sizeOf = ({ name, field, sequences }: SessionEntry): number =>
  ENTRY_OVERHEAD_BYTES +
  name.length +
  field.length +
  8 * ((sequences?.gaps?.length ?? 0) + (sequences?.missed?.length ?? 0));

/** About how much a checkpoint has of it, with its name. */
export const writtenLength = ({ field, sequences }: SessionEntry): number =>
  field.length + (sequences === null ? 0 : lengthOfSequences(sequences));
