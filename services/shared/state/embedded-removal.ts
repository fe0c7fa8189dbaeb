import type { Unit } from './port.ts';

/** What removing works on; see `UnitTables`. */
export interface RemovalTables {
  /** Takes the unit from its name, so that it is gone at once; what it had is only found by `removing` from then on. */
  unname(unit: Unit): void;
  /** The ids of those that were taken from their names, and may still have something. */
  removing(): readonly number[];
  /** Removes some of what an id has; false, and the id forgotten, when nothing was left. */
  removeSome(id: number): boolean;
}

/**
 * Removes a unit in steps that each hold up others for a moment only. It is gone with the first; whatever a removal that
 * was cut off left behind, the next one of any unit takes with it.
 */
export async function removeUnit(
  tables: RemovalTables,
  unit: Unit,
  write: <T>(action: () => T) => Promise<T>,
): Promise<void> {
  await write(() => tables.unname(unit));
  for (const id of tables.removing()) while (await write(() => tables.removeSome(id)));
}
