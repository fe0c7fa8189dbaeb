import { eventField, KeyField, reducer, Scope, states } from 'lectern/reducers';
import { isPoison, link } from './trail.js';

// For integrity tests: states that tell any event that is missing, doubled or out of order, more of them than the cache
// holds, changed in place, some of them asynchronously, by a reducer that throws now and then after changing one.

const trail = reducer(
  { nullState: { chain: 7, count: 0, weight: '' }, scope: Scope([KeyField.STUDENT, eventField('item')]) },
  function trail({ client }, state) {
    state.chain = link(state.chain, client.id);
    state.count += 1;
    state.weight = 'x'.repeat(2_000);
    if (isPoison(client.id)) throw new Error('poison');
    const result = states(state, { chain: state.chain, count: state.count });
    return client.id.endsWith('3') ? Promise.resolve(result) : result;
  },
);

export const NAME = 'audit';
export const VERSION = 1;
export const REDUCERS = [{ context: 'org.mitros.writing_analytics', function: trail }];
