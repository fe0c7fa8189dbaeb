import type { Module } from '../../services/shared/module.ts';
import { checkModule } from '../../services/shared/module-check.ts';
import { eventField, KeyField, reducer, Scope } from '../../services/shared/reducer-api.ts';

const doc = Scope([eventField('doc')]);
const STUDENT = Scope([KeyField.STUDENT]);

/** The module `m.v1` over the sources `a` and `b`, by whose reducers each case of rekeying is met. */
export function rekeyedModule(): Module {
  const entry = (name: string, context: string | readonly string[], scope: Scope) => ({
    context,
    function: reducer({ nullState: 0, name, scope }, () => 0),
  });
  const checked = checkModule({
    NAME: 'm',
    VERSION: 1,
    REDUCERS: [
      entry('own_a', 'a', STUDENT),
      entry('doc_a', 'a', doc),
      entry('doc_b', 'b', doc),
      entry('both', ['a', 'b'], STUDENT),
      entry('class_a', 'a', Scope([KeyField.CLASS])),
    ],
  });
  if (!('module' in checked)) throw new Error(checked.problems.join('\n'));
  return checked.module;
}
