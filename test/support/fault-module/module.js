import { appendList, eventField, KeyField, reducer, Scope, states } from 'lectern/reducers';
import { link } from '../audit-module/trail.js';

// For the tests of faults: states that tell any event that is missing, doubled or out of order, changed in place, some of
// them asynchronously, some seen otherwise than kept. An event says by its `fault` what goes wrong with it, and each
// reducer fails after it changed its state.

const spin = () => {
  for (;;);
};
const fail = () => {
  throw new Error('thrown on purpose');
};
const later = (value) => new Promise((resolve) => setImmediate(resolve, value));

const chain = reducer(
  { nullState: { chain: 7, count: 0 }, scope: Scope([KeyField.STUDENT]) },
  function chain({ client }, state) {
    state.chain = link(state.chain, client.id);
    state.count += 1;
    if (client.fault === 'throw') throw new Error('thrown on purpose');
    if (client.fault === 'spin') spin();
    if (client.fault === 'reject-detached') void Promise.reject(new Error('rejected on purpose'));
    if (client.fault === 'throw-in-timer') setTimeout(fail, 0);
    return state;
  },
);

const trail = reducer(
  { nullState: { chain: 7, count: 0 }, scope: Scope([KeyField.STUDENT, eventField('item')]) },
  function trail({ client }, state) {
    state.chain = link(state.chain, client.id);
    state.count += 1;
    if (client.fault === 'reject')
      return later().then(() => Promise.reject(new Error('rejected on purpose')));
    if (client.fault === 'never') return new Promise(() => {});
    return client.item % 8 === 3 ? later(state) : state;
  },
);

const split = reducer(
  { nullState: { chain: 7, ballast: '' }, scope: Scope([KeyField.STUDENT]) },
  function split({ client }, state) {
    state.chain = link(state.chain, client.id);
    // Both stay in the state, so it cannot be stored from this event on, whenever that is tried.
    if (client.fault === 'not-json') state.ballast = 1n;
    if (client.fault === 'large') state.ballast = 'x'.repeat(100_000);
    return states(state, { chain: state.chain });
  },
);

const list = reducer(
  { stateType: appendList, nullState: [], scope: Scope([KeyField.STUDENT]) },
  function list({ client }, items) {
    items.append(client.id);
    if (client.fault === 'throw-after-append') throw new Error('thrown on purpose');
    return items;
  },
);

export const NAME = 'faults';
export const VERSION = 1;
export const REDUCERS = [chain, trail, split, list].map((one) => ({ context: 'test.faults', function: one }));
