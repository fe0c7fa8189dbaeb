import { KeyField, reducer, Scope } from 'lectern/reducers';
import { link } from '../audit-module/trail.js';

// For the tests of faults: a module that chokes on nothing, whatever happens to the one beside it.

const chain = reducer(
  { nullState: { chain: 7, count: 0 }, scope: Scope([KeyField.STUDENT]) },
  function chain({ client }, state) {
    return { chain: link(state.chain, client.id), count: state.count + 1 };
  },
);

export const NAME = 'healthy';
export const VERSION = 1;
export const REDUCERS = [{ context: 'test.faults', function: chain }];
