import type { Unit } from '../../services/shared/state/port.ts';
import { type House, MODULES, SHARED } from './house.ts';

type Topics = Pick<House, 'topic' | 'rekeyTopic' | 'partitions'>;

const unitsOf = (module: string, topic: string, partitions: number): Unit[] =>
  Array.from({ length: partitions }, (_, partition) => ({ module, topic, partition }));

/** Those that read what the load sends, of all modules. */
export function sourceUnits({ topic, partitions }: Topics): Unit[] {
  return MODULES.flatMap((module) => unitsOf(module, topic, partitions));
}

/** Those that read what the former publish under other keys. */
export function rekeyUnits({ rekeyTopic, partitions }: Topics): Unit[] {
  return unitsOf(SHARED, rekeyTopic, partitions);
}
