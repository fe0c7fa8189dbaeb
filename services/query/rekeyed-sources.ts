import { type Module, rekeyedContexts } from '../shared/module.ts';
import type { Position } from '../shared/state/port.ts';
import { eventsTopic } from '../shared/topics.ts';
import type { Positions } from './positions.ts';
import { rebuildingOf } from './rebuilding.ts';

/** How many events of those that were there when a unit was first claimed are made, and how many were there. */
export interface Made {
  readonly next: number;
  readonly target: number;
}

/** Null when the unit was never claimed, so that nobody knows how much there is. */
export function madeOf(position: Position | null): Made | null {
  const rebuilding = rebuildingOf(position);
  if (position === null || (rebuilding !== null && rebuilding.target === null)) return null;
  const target = position.target ?? position.next!;
  return { next: Math.min(position.next ?? 0, target), target };
}

export const sumOf = (all: readonly Made[]): Made => ({
  next: all.reduce((sum, { next }) => sum + next, 0),
  target: all.reduce((sum, { target }) => sum + target, 0),
});

/** Of all the source units whose events a module's rekey topic gets; null while one of them was never claimed. */
export async function readSources(
  positions: Positions,
  namespace: string,
  module: Pick<Module, 'id' | 'reducers'>,
): Promise<Made | null> {
  const ofTopics = await Promise.all(
    rekeyedContexts(module).map(async (context) => {
      const topic = eventsTopic(namespace, context);
      const partitions = await positions.partitionCount(module.id, topic);
      if (partitions === null) return [null];
      const units = Array.from({ length: partitions }, (_, partition) =>
        positions.of({ module: module.id, topic, partition }, partitions),
      );
      return (await Promise.all(units)).map(madeOf);
    }),
  );
  const made = ofTopics.flat().filter((one) => one !== null);
  return made.length < ofTopics.flat().length ? null : sumOf(made);
}
