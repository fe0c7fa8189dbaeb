import { eventField, KeyField, reducer, Scope } from 'lectern/reducers';
import { link } from '../audit-module/trail.js';

// For integrity tests of events under other keys: states that tell any event that is missing, doubled or out of order, by
// each kind of scope that students share, over one context and over two.

const A = 'test.rekey.a';
const B = 'test.rekey.b';

const follow = (name, scope, more = () => undefined) =>
  reducer({ nullState: { chain: 7, count: 0 }, name, scope: Scope(scope) }, ({ client }, state) => {
    state.chain = link(state.chain, client.id);
    state.count += 1;
    return more(client, state) ?? state;
  });

/** What is refused was folded in place before. */
const throwing = ({ id }) => {
  if (id.endsWith('7')) throw new Error('refused on purpose');
};
const late = ({ id }, state) =>
  id.endsWith('3') ? new Promise((resolve) => setImmediate(resolve, state)) : undefined;

export const NAME = 'rekey_audit';
export const VERSION = 1;
export const REDUCERS = [
  { context: A, function: follow('own', [KeyField.STUDENT]) },
  { context: A, function: follow('by_class', [KeyField.CLASS], late) },
  { context: [A, B], function: follow('by_resource', [KeyField.RESOURCE]) },
  { context: B, function: follow('by_doc', [eventField('doc.id')], throwing) },
  { context: [B, A], function: follow('by_student', [KeyField.STUDENT]) },
];
