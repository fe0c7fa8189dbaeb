import type { ModuleReducer } from '../module.ts';
import type { StateStore, Unit } from '../state/port.ts';
import { partField } from './part-field.ts';

/**
 * What queries see of an internal state, as JSON text: for a state type that keeps parts of it elsewhere, the whole. The
 * head was read before; parts that it names are never changed, so both belong together.
 */
export async function plainText(
  state: Pick<StateStore, 'readMany'>,
  unit: Unit,
  { id, stateType }: Pick<ModuleReducer, 'id' | 'stateType'>,
  key: string,
  head: string,
): Promise<string> {
  if (stateType === undefined) return head;
  const count = stateType.partCount(head);
  const fields = Array.from({ length: count }, (_, index) => partField(id, key, index));
  const parts = count === 0 ? [] : await state.readMany(unit, fields);
  return stateType.plain(head, parts);
}
