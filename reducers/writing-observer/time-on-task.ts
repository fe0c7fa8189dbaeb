import { type LearningEvent, reducer } from 'lectern/reducers';

/** Whoever does nothing for longer, in seconds, is taken to have stopped then. */
const THRESHOLD_S = 60;

/** The time since the event before that counts. A clock that steps back subtracts. */
export function countedTime(time: number, before: number): number {
  return Math.min(THRESHOLD_S, time - before);
}

interface TimeOnTask {
  readonly saved_ts: number | null;
  readonly total_time_on_task: number;
}

const nullState: TimeOnTask = { saved_ts: null, total_time_on_task: 0 };

function addTime({ server }: LearningEvent, { saved_ts, total_time_on_task }: TimeOnTask): TimeOnTask {
  const more = saved_ts === null ? 0 : countedTime(server.time, saved_ts);
  return { saved_ts: server.time, total_time_on_task: total_time_on_task + more };
}

/** How long a student worked on a document, in seconds. */
export const timeOnTask = reducer({ name: 'time_on_task', nullState }, addTime);

/** The same for each tab of it. */
export const gdocTabScopeTimeOnTask = reducer({ name: 'gdoc_tab_scope_time_on_task', nullState }, addTime);
