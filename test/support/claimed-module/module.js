import { KeyField, reducer, Scope } from 'lectern/reducers';

// For tests of a source that is claimed late: states that tell of each event how often it was folded.

const seen = reducer(
  { nullState: { times: {} }, scope: Scope([KeyField.STUDENT]) },
  function seen({ client }, state) {
    state.times[client.n] = (state.times[client.n] ?? 0) + 1;
    return state;
  },
);

export const NAME = 'claimed';
export const VERSION = 1;
export const REDUCERS = [{ context: 'test.claimed.late', function: seen }];
