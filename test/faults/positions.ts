import { setTimeout as sleep } from 'node:timers/promises';
import type { Unit } from '../../services/shared/state/port.ts';
import type { House } from './house.ts';
import { rekeyUnits, sourceUnits } from './units.ts';

const LOOK_MS = 5;

/**
 * Looks at the stored positions until the returned function is called, which rejects if any of them ever went back: a
 * position goes back where somebody writes who is not the owner, and the owner's next checkpoint hides it.
 */
export function watchPositions(house: House): () => Promise<void> {
  const units = [...sourceUnits(house), ...rekeyUnits(house)];
  const highest = new Array<number>(units.length).fill(0);
  const wrong: string[] = [];
  let going = true;
  const look = async (unit: Unit, index: number): Promise<void> => {
    const next = (await house.state.position(unit))?.next ?? 0;
    if (next < highest[index]!)
      wrong.push(`${unit.topic}/${unit.partition} of ${unit.module} went from ${highest[index]} to ${next}`);
    else highest[index] = next;
  };
  const watching = (async () => {
    while (going) {
      await Promise.all(units.map(look));
      await sleep(LOOK_MS);
    }
    if (wrong.length > 0) throw new Error(`positions went back: ${wrong[0]}`);
  })();
  // Whoever stops it hears of it.
  watching.catch(() => undefined);
  return () => {
    going = false;
    return watching;
  };
}
