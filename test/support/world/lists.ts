import { messageOf } from '../../../services/shared/errors.ts';
import { appendListState } from '../../../services/shared/state-types/append-list.ts';
import { partField } from '../../../services/shared/state-types/part-field.ts';
import { type ModuleSpec, reducerId } from './modules.ts';
import { FORMS } from './reducers.ts';

/** The list that a head and its parts are, which are taken out of the fields; what keeps them from being one. */
function takeList(fields: Map<string, string>, reducer: string, field: string): string {
  const key = field.slice(`Internal,${reducer},`.length);
  try {
    const head = fields.get(field)!;
    const parts = Array.from({ length: appendListState.partCount(head) }, (_, index) => {
      const name = partField(reducer, key, index);
      const text = fields.get(name) ?? null;
      fields.delete(name);
      return text;
    });
    return appendListState.plain(head, parts);
  } catch (error) {
    return `no list: ${messageOf(error)}`;
  }
}

/** Puts the stored lists of a module's reducers together, each in its own field. A part that no head has stays as it is. */
export function joinLists(module: ModuleSpec, fields: Map<string, string>): void {
  for (const [index, { form }] of module.reducers.entries()) {
    if (FORMS[form].stateType === undefined) continue;
    const reducer = reducerId(module, index);
    const heads = [...fields.keys()].filter(
      (field) => field.startsWith(`Internal,${reducer},`) && !field.includes(',PART:'),
    );
    for (const field of heads) fields.set(field, takeList(fields, reducer, field));
  }
}
