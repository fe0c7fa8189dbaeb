import { messageOf } from '../../../services/shared/errors.ts';
import { partField } from '../../../services/shared/state-types/part-field.ts';
import type { StateType } from '../../../services/shared/state-types/state-type.ts';
import { type ModuleSpec, reducerId } from './modules.ts';
import { FORMS, type ReducerForm } from './reducers.ts';

/** What a head and its parts are, which are taken out of the fields; what keeps them from being it. */
function takePlain(type: StateType, fields: Map<string, string>, reducer: string, field: string): string {
  const key = field.slice(`Internal,${reducer},`.length);
  try {
    const head = fields.get(field)!;
    const { from, to } = type.partRange(head);
    const parts = Array.from({ length: to - from }, (_, index) => {
      const name = partField(reducer, key, from + index);
      const text = fields.get(name) ?? null;
      fields.delete(name);
      return text;
    });
    return type.plain(head, parts);
  } catch (error) {
    return `no state: ${messageOf(error)}`;
  }
}

/** Puts the stored states of a module's reducers together that have parts. A part that no head has stays as it is. */
export function joinParts(module: ModuleSpec, fields: Map<string, string>): void {
  for (const [index, { form }] of module.reducers.entries()) {
    const { stateType } = FORMS[form] as ReducerForm;
    if (stateType === undefined) continue;
    const reducer = reducerId(module, index);
    const heads = [...fields.keys()].filter(
      (field) => field.startsWith(`Internal,${reducer},`) && !field.includes(',PART:'),
    );
    for (const field of heads) fields.set(field, takePlain(stateType, fields, reducer, field));
  }
}
