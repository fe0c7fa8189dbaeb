import type { ModuleReducer } from '../shared/module.ts';
import type { StateStore, Unit } from '../shared/state/port.ts';
import { HIDDEN, keyText, stateField } from '../shared/state-key.ts';
import { plainText } from '../shared/state-types/plain-state.ts';
import type { House } from './house.ts';
import { type LearnerState, learnerFields } from './learner-fields.ts';

async function lineOf(
  state: StateStore,
  reducer: ModuleReducer | undefined,
  { module, topic, partition, reducer: id, values }: LearnerState,
): Promise<string | null> {
  const unit: Unit = { module, topic, partition };
  const key = keyText(values);
  const [internal, external] = await state.readMany(unit, [
    stateField('Internal', id, key),
    stateField('External', id, key),
  ]);
  // Removed since it was found.
  if (internal == null) return null;
  const whole = reducer === undefined ? internal : await plainText(state, unit, reducer, key, internal);
  if (whole === null) return null;
  const shown = external == null || external === HIDDEN ? '' : `,"external":${external}`;
  const head = JSON.stringify({ kind: 'state', module, topic, partition, reducer: id, key: values });
  return `${head.slice(0, -1)},"state":${whole}${shown}}`;
}

/**
 * Every state under a learner's key, a JSON text a line: `{kind: 'state', module, topic, partition, reducer, key, state}`
 * and, where the reducer shows something else, `external`. States that learners share are not one learner's.
 */
export async function* learnerStates(house: House, learner: string): AsyncGenerator<string> {
  for (const found of await learnerFields(house, learner)) {
    const module = house.modules.find(({ id }) => id === found.module);
    const line = await lineOf(
      house.state,
      module?.reducers.find(({ id }) => id === found.reducer),
      found,
    );
    if (line !== null) yield line;
  }
}
