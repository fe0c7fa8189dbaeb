import { KeyField, type ReducerEntry, Scope } from 'lectern/reducers';
import { studentEventCounter } from './student-event-counter.ts';

/** Counts every event of each student. */
export const NAME = 'student_events';
export const VERSION = 1;
export const REDUCERS: ReducerEntry[] = [
  {
    context: 'org.mitros.writing_analytics',
    scope: Scope([KeyField.STUDENT]),
    function: studentEventCounter,
    default: { count: 0 },
  },
];
