import { eventField, reducer, Scope } from 'lectern/reducers';
import { link } from '../audit-module/trail.js';

// For the tests of faults: states that students share, whose events come out of several partitions through the module's
// rekey topic. In which order those of two students come is not said, but each one's own are in order: so there is a
// number for each student that tells any event that is missing, doubled or out of order.

const follow = (name, field, fault) =>
  reducer(
    { nullState: { count: 0, chains: {} }, name, scope: Scope([eventField(field)]) },
    ({ client }, state) => {
      const student = client.auth.safe_user_id;
      state.chains[student] = link(state.chains[student] ?? 7, client.id);
      state.count += 1;
      if (client.fault === fault) throw new Error('thrown on purpose');
      return state;
    },
  );

export const NAME = 'shared';
export const VERSION = 1;
export const REDUCERS = [
  { context: 'test.faults', function: follow('by_item', 'item', 'throw-by-item') },
  { context: 'test.faults', function: follow('by_group', 'group', 'throw-by-group') },
];
