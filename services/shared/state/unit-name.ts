import { keyOf } from '../log/partition-key.ts';
import type { Unit } from './port.ts';

/** Names a unit where things are kept by name, and in the ids of copies: `<module>/<topic>/<partition>`. */
export function unitName(unit: Unit): string {
  return `${unit.module}/${keyOf(unit)}`;
}
