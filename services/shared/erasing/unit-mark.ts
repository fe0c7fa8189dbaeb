import type { StateStore, Unit } from '../state/port.ts';

/**
 * Which erasures a unit's states are without: all up to this number. Kept with the states, so that it is lost with them,
 * and written in the checkpoints of its owner. A unit without states has nothing of anybody.
 */
export const ERASED_FIELD = 'Erased,';

/** The number that a unit has; 0 for one that was stored before anything was erased. */
export async function erasuresOf(state: Pick<StateStore, 'readMany'>, unit: Unit): Promise<number> {
  const [text] = await state.readMany(unit, [ERASED_FIELD]);
  return text == null ? 0 : Number(text);
}

/** Whether what is erased may be in a unit: of a topic by students, in one partition; of a rekey topic, anywhere. */
export function isConcerned(
  { partition }: Pick<Unit, 'partition'>,
  { isRekey, partitions }: { readonly isRekey: boolean; readonly partitions: number },
  keyHash: number,
): boolean {
  return isRekey || keyHash % partitions === partition;
}

/** Whether the states of a unit are without an erasure, or do not exist. */
export async function isWithout(
  state: Pick<StateStore, 'position' | 'readMany'>,
  unit: Unit,
  number: number,
): Promise<boolean> {
  const position = await state.position(unit);
  if (position === null || position.next === null) return true;
  return (await erasuresOf(state, unit)) >= number;
}
