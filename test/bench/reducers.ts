import {
  appendList,
  KeyField,
  type LearningEvent,
  type ReducerEntry,
  type ReducerFunction,
  reducer,
  Scope,
} from 'lectern/reducers';
import { countReduced, watchPartition } from './probe.ts';

/** The reducers under measurement. Each looks at its event, as one that is of use would. */

/** As `Tally` of `load.ts`. */
interface CountingState {
  count: number;
  last: string;
}

function tally(name: string, look: (event: LearningEvent) => void): ReducerFunction<CountingState> {
  const nullState: CountingState = { count: 0, last: '' };
  return reducer({ name, nullState, scope: Scope([KeyField.STUDENT]) }, (event, state) => {
    look(event);
    state.count += 1;
    state.last = event.client.event;
    return state;
  });
}

/** So many reducers that count and keep the last event's type. */
export function counting(context: string, reducers: number): ReducerEntry[] {
  return Array.from({ length: reducers }, (_, index) => ({
    context,
    function: tally(`tally_${index}`, countReduced),
  }));
}

/** One of them, which also tells when a partition's events begin to come. */
export function watching(context: string, partitions: number): ReducerEntry[] {
  const watcher = tally('tally_0', ({ client }) => watchPartition(client.auth.safe_user_id, partitions));
  return [{ context, function: watcher }];
}

/** So many reducers that keep what they saw of every event. */
export function appending(context: string, reducers: number): ReducerEntry[] {
  return Array.from({ length: reducers }, (_, index) => ({
    context,
    function: reducer(
      { name: `trail_${index}`, nullState: [], stateType: appendList, scope: Scope([KeyField.STUDENT]) },
      (event, list) => {
        countReduced();
        list.append({ sequence: event.client.sequence, type: event.client.event });
        return list;
      },
    ),
  }));
}
