import { parseStateField } from '../shared/state-key.ts';
import type { House } from './house.ts';
import { unitsOf } from './units.ts';

/** A state of a learner. */
export interface LearnerState {
  /** `<NAME>.v<VERSION>` */
  readonly module: string;
  readonly topic: string;
  readonly partition: number;
  /** `<NAME>.<reducer>` */
  readonly reducer: string;
  /** Of its key. */
  readonly values: Readonly<Record<string, string>>;
}

/** The states under keys of a learner, of all modules that are installed; those that mix learners are nobody's. */
export async function learnerFields(
  house: Pick<House, 'namespace' | 'modules' | 'sources' | 'log' | 'state'>,
  learner: string,
): Promise<readonly LearnerState[]> {
  const found = new Map<string, LearnerState>();
  for (const unit of await unitsOf(undefined, house))
    for await (const page of house.state.entries(unit))
      for (const { field } of page) {
        const { kind, reducerId, values } = parseStateField(field);
        if (kind !== 'Internal' || values.STUDENT !== learner || values.PART !== undefined) continue;
        // A store may give a field twice.
        found.set(`${unit.module} ${unit.topic} ${unit.partition} ${field}`, {
          ...unit,
          reducer: reducerId,
          values,
        });
      }
  return [...found.values()];
}
