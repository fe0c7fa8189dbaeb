import type { ModuleReducer } from '../module.ts';
import type { StateStore, Unit } from '../state/port.ts';
import { stateField } from '../state-key.ts';
import { partField } from './part-field.ts';

/**
 * What queries see of an internal state, as JSON text: for a state type that keeps parts of it elsewhere, the whole. The
 * head was read before; parts that it names are never changed, so both belong together. Where the state was cleared
 * meanwhile, its parts are gone and it has another head: then that one is read. Null when the state is gone, too.
 */
export async function plainText(
  state: Pick<StateStore, 'readMany'>,
  unit: Unit,
  reducer: Pick<ModuleReducer, 'id' | 'stateType'>,
  key: string,
  head: string,
): Promise<string | null> {
  const { id, stateType } = reducer;
  if (stateType === undefined) return head;
  const { from, to } = stateType.partRange(head);
  const fields = Array.from({ length: to - from }, (_, index) => partField(id, key, from + index));
  const parts = fields.length === 0 ? [] : await state.readMany(unit, fields);
  if (!parts.includes(null)) return stateType.plain(head, parts);
  const [now = null] = await state.readMany(unit, [stateField('Internal', id, key)]);
  if (now === null) return null;
  return now === head ? stateType.plain(head, parts) : plainText(state, unit, reducer, key, now);
}
