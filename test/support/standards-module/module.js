import { KeyField, reducer, Scope, studentEventReducer } from 'lectern/reducers';

// For the tests of what comes by a standard: what each learner did, and how much was done in a class.

const done = studentEventReducer({ nullState: { done: [] } }, function done({ client }, state) {
  return { done: [...state.done, client.statement.object.id] };
});

const inClass = reducer(
  { nullState: { events: 0 }, scope: Scope([KeyField.CLASS]) },
  function inClass(_event, state) {
    return { events: state.events + 1 };
  },
);

export const NAME = 'standards';
export const VERSION = 1;
export const REDUCERS = [
  { context: 'xapi', function: done },
  { context: ['xapi', 'caliper'], function: inClass },
];
