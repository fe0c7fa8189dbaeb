import pMap from 'p-map';
import { keyOf } from '../log/partition-key.ts';
import type { TopicPartition } from '../log/port.ts';
import type { Position } from '../state/port.ts';
import { AT_ONCE, partitionsOf, type Reach, type ReachDeps } from './reach.ts';
import type { VersionShape } from './shape.ts';

/** One unit of a version, as far as it is to be waited for. */
export interface UnitStanding extends TopicPartition {
  /** The next offset that is stored, up to `target`. */
  readonly next: number;
  /** What `next` has to be; null as long as nobody knows. */
  readonly target: number | null;
  /** Whether its states are made of all of history up to there. */
  readonly isWhole: boolean;
  /** Why it is waited for; null when it is not. */
  readonly waits: string | null;
}

/** What there is of a version. */
export interface VersionLook {
  readonly units: readonly UnitStanding[];
  /** The share of all records that is done, from 0 to 1; 1 only when nothing is waited for. */
  readonly progress: number;
  /** Whether its states are whole, and have all that was asked for. */
  readonly covers: boolean;
}

const NOBODY = 'no worker has claimed it';
const MOST_BEFORE_COVERED = 0.99;

function wholeFrom(position: Position, isRekey: boolean): number | null {
  if (isRekey) return position.completeAt;
  // A claim without a position stores a target, so that one without either was never checkpointed.
  return position.target ?? (position.next === null ? null : 0);
}

function standingOf(
  at: TopicPartition,
  position: Position | null,
  { isRekey, partitions, needed }: { isRekey: boolean; partitions: number; needed: number },
): UnitStanding {
  const next = position?.next ?? 0;
  const wait = (target: number | null, waits: string | null, isWhole = false): UnitStanding => ({
    ...at,
    isWhole,
    next: target === null ? next : Math.min(next, target),
    target,
    waits,
  });
  if (position === null) return wait(null, NOBODY);
  if (position.partitions !== partitions)
    return wait(null, `its topic has ${partitions} partitions now, and had ${position.partitions}`);
  const whole = wholeFrom(position, isRekey);
  if (whole === null) return wait(null, isRekey ? 'the units that it is made of are not through' : NOBODY);
  const target = Math.max(whole, needed);
  if (next >= target) return wait(target, null, true);
  if (next < whole) return wait(target, `it is rebuilt: ${next} of ${whole}`);
  return wait(target, `it is at ${next} of ${needed}`, true);
}

/** Of all records; of the units, where nobody knows how many records one of them has. */
function shareOf(units: readonly UnitStanding[]): number {
  const shares = units.map(({ next, target }) => (target === null ? 0 : target === 0 ? 1 : next / target));
  const average = shares.reduce((sum, share) => sum + share, 0) / units.length;
  if (units.some(({ target }) => target === null)) return average;
  const total = units.reduce((sum, { target }) => sum + target!, 0);
  return total === 0 ? average : units.reduce((sum, { next }) => sum + next, 0) / total;
}

/** Looks at one version again and again, until it has what was asked for. */
export interface VersionWatch {
  /** Rejects when log or store do not answer. */
  look(): Promise<VersionLook>;
}

/**
 * Watches whether the states of a version are whole, and have everything of `reach`, which must have been read before;
 * null asks for nothing more than that they are whole. Each look sees to it that
 * 1. every unit of a topic of events has reached its target, and the offset that is asked for;
 * 2. the ends of its rekey topic were read after the first look that found so: a unit is stored when the log has what it
 *    published, so below them is all that is asked for under other keys. They are kept, since under load there is always
 *    something beyond the position of a unit;
 * 3. every unit of the rekey topic is complete, and has reached that end.
 * What the store lost is missed by whatever is read after it.
 */
export function watchVersion(
  { log, state }: ReachDeps,
  shape: VersionShape,
  reach: Reach | null,
): VersionWatch {
  let ends: ReadonlyMap<number, number> | null = null;

  const look = async (
    topic: string,
    isRekey: boolean,
    neededOf: (at: TopicPartition) => number,
  ): Promise<readonly UnitStanding[]> => {
    const partitions = (await log.partitionCount(topic)) ?? 0;
    if (partitions === 0)
      return [
        { topic, partition: 0, next: 0, target: null, isWhole: false, waits: 'its topic is not there' },
      ];
    return pMap(
      partitionsOf(topic, partitions),
      async (at) => {
        const position = await state.position({ module: shape.id, ...at });
        return standingOf(at, position, { isRekey, partitions, needed: neededOf(at) });
      },
      { concurrency: AT_ONCE },
    );
  };
  const readEnds = async (topic: string): Promise<ReadonlyMap<number, number>> => {
    const isThere = (await log.partitionCount(topic)) !== null;
    const ranges = isThere ? await log.offsets(topic) : [];
    return new Map(ranges.map(({ partition, end }) => [partition, end]));
  };

  return {
    async look() {
      const units: UnitStanding[] = [];
      for (const topic of shape.sources)
        units.push(...(await look(topic, false, (at) => reach?.get(keyOf(at)) ?? 0)));
      if (shape.rekeyTopic !== null) {
        const isThrough = units.every(({ waits }) => waits === null);
        if (reach !== null && isThrough) ends ??= await readEnds(shape.rekeyTopic);
        units.push(...(await look(shape.rekeyTopic, true, ({ partition }) => ends?.get(partition) ?? 0)));
      }
      const covers = units.every(({ waits }) => waits === null);
      return { units, covers, progress: covers ? 1 : Math.min(MOST_BEFORE_COVERED, shareOf(units)) };
    },
  };
}

/** What a version waits for, in words: the first unit, and how many there are besides. Null when it waits for nothing. */
export function waitsOf({ units }: VersionLook): string | null {
  const waiting = units.filter(({ waits }) => waits !== null);
  const [first] = waiting;
  if (first === undefined) return null;
  const more = waiting.length === 1 ? '' : `, and ${waiting.length - 1} more of ${units.length} units`;
  return `${keyOf(first)}: ${first.waits}${more}`;
}
