import { reducer } from 'lectern/reducers';
import { countedTime } from './time-on-task.ts';

const BIN_S = 600;

interface BinnedTime {
  saved_ts: number | null;
  /** Seconds, by when a bin begins. */
  readonly binned_time_on_task: Record<string, number>;
  current_bin: number | null;
}

const nullState: BinnedTime = { saved_ts: null, binned_time_on_task: {}, current_bin: null };

const binOf = (time: number): number => Math.floor(time / BIN_S) * BIN_S;

/** How long a student worked on a document, in bins of ten minutes. */
export const binnedTimeOnTask = reducer({ nullState }, function binnedTimeOnTask({ server }, state) {
  const { time } = server;
  const last = state.saved_ts ?? time;
  const counted = countedTime(time, last);
  const bin = state.current_bin ?? binOf(last);
  const next = bin + BIN_S;
  const add = (to: number, seconds: number): void => {
    state.binned_time_on_task[to] = (state.binned_time_on_task[to] ?? 0) + seconds;
  };
  add(bin, 0);
  if (last + counted >= next) {
    add(bin, next - last);
    add(next, last + counted - next);
  } else add(bin, counted);
  state.current_bin = binOf(time);
  state.saved_ts = time;
  return state;
});
