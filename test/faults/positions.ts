import { setTimeout as sleep } from 'node:timers/promises';
import { type House, MODULE } from './house.ts';

const LOOK_MS = 5;

/**
 * Looks at the stored positions until the returned function is called, which rejects if any of them ever went back: a
 * position goes back where somebody writes who is not the owner, and the owner's next checkpoint hides it.
 */
export function watchPositions({ state, topic, partitions }: House): () => Promise<void> {
  const highest = new Array<number>(partitions).fill(0);
  const wrong: string[] = [];
  let going = true;
  const look = async (partition: number): Promise<void> => {
    const next = (await state.position({ module: MODULE, topic, partition }))?.next ?? 0;
    if (next < highest[partition]!)
      wrong.push(`partition ${partition} went from ${highest[partition]} to ${next}`);
    else highest[partition] = next;
  };
  const watching = (async () => {
    while (going) {
      await Promise.all(highest.map((_, partition) => look(partition)));
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
