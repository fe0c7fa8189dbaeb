import { setTimeout as sleep } from 'node:timers/promises';
import type { Unit } from '../../services/shared/state/port.ts';
import type { House } from './house.ts';
import { rekeyUnits, sourceUnits } from './units.ts';

/** Whatever a unit waits for by itself is over long before, on a slow machine too. */
const STALLED_MS = 60_000;
const LOOK_MS = 50;
const LAST_LINES = 15;

interface Look {
  readonly behind: readonly string[];
  /** Differs whenever anything moved. */
  readonly seen: string;
}

async function lookAt({ log, state }: House, topic: string, units: readonly Unit[]): Promise<Look> {
  const ends = await log.offsets(topic);
  const positions = await Promise.all(units.map((unit) => state.position(unit)));
  const behind = units.flatMap(({ module, partition }, index) => {
    const end = ends.find((at) => at.partition === partition)!.end;
    const { next, target } = positions[index] ?? { next: null, target: null };
    const isThere = (next ?? 0) === end && (end === 0 || next! >= (target ?? 0));
    return isThere ? [] : [`${topic}/${partition} of ${module} is at ${next} of ${end}`];
  });
  return { behind, seen: JSON.stringify([ends, positions.map((position) => position?.next)]) };
}

/** The rekey topic after those who fill it: its end is no less than what they are through with. */
async function look(house: House): Promise<Look> {
  const sources = await lookAt(house, house.topic, sourceUnits(house));
  const rekeyed = await lookAt(house, house.rekeyTopic, rekeyUnits(house));
  return { behind: [...sources.behind, ...rekeyed.behind], seen: sources.seen + rekeyed.seen };
}

/** Waits until everything that the log holds is in the states, for as long as anything moves. */
export async function settled(house: House): Promise<void> {
  let last: Look = { behind: ['nothing could be read'], seen: '' };
  let cause: unknown;
  for (let movedAt = Date.now(); Date.now() - movedAt < STALLED_MS; await sleep(LOOK_MS)) {
    try {
      const now = await look(house);
      if (now.behind.length === 0) return;
      if (now.seen !== last.seen) movedAt = Date.now();
      last = now;
    } catch (error) {
      cause = error;
    }
  }
  const said = house.programs.map((program) => program.lines().slice(-LAST_LINES).join('\n'));
  const what = `nothing moved for ${STALLED_MS} ms: ${last.behind.join('; ')}`;
  throw new Error(`the states are not complete, ${what}; last lines:\n${said.join('\n---\n')}`, { cause });
}
