import type { Position, Unit } from '../shared/state/port.ts';
import { type ReadStore, unavailable } from './prompt-store.ts';

/** Where the units of a topic are. Both reject with a retriable STATE_UNAVAILABLE when the store does not answer. */
export interface Positions {
  /** How many partitions a module's topic has; null when no worker took it up. */
  partitionCount(module: string, topic: string): Promise<number | null>;
  /** Null when the unit was never claimed. Rejects also when its topic has another number of partitions by now. */
  of(unit: Unit, partitions: number): Promise<Position | null>;
}

const nameOf = (module: string, topic: string): string => `${module} ${topic}`;

export function createPositions(state: Pick<ReadStore, 'position'>): Positions {
  /** One for each topic of each module. */
  const counts = new Map<string, number>();

  return {
    async partitionCount(module, topic) {
      const known = counts.get(nameOf(module, topic));
      if (known !== undefined) return known;
      const position = await state.position({ module, topic, partition: 0 });
      if (position !== null) counts.set(nameOf(module, topic), position.partitions);
      return position?.partitions ?? null;
    },
    async of(unit, partitions) {
      const position = await state.position(unit);
      if (position?.partitions !== partitions) counts.delete(nameOf(unit.module, unit.topic));
      if (position !== null && position.partitions !== partitions)
        throw unavailable('the partitions of the topic were counted anew; ask again');
      return position;
    },
  };
}
