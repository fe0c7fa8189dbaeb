import { reducer } from 'lectern/reducers';

/** How many events there were of a document. */
export const eventCount = reducer({ nullState: { count: 0 } }, function eventCount(_event, { count }) {
  return { count: count + 1 };
});
