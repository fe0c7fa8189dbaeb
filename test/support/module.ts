import type { Module, ModuleReducer } from '../../services/shared/module.ts';
import { eventField, KeyField, type LearningEvent, Scope } from '../../services/shared/reducer-api.ts';

export const TEST_SOURCE = 'org.test';

type Reduce = (event: LearningEvent, state: never) => unknown;

/** A checked module with one reducer, `m.r`, for tests of what runs modules. */
export function testModule(
  reduce: Reduce,
  options: { nullState?: unknown; scope?: Scope; hash?: string } = {},
): Module {
  const reducer = {
    id: 'm.r',
    name: 'r',
    contexts: [TEST_SOURCE],
    scope: options.scope ?? Scope([KeyField.STUDENT]),
    rekeyed: false,
    nullState: options.nullState ?? { count: 0 },
    default: null,
    reduce,
  } as unknown as ModuleReducer;
  return {
    name: 'm',
    version: 1,
    id: 'm.v1',
    reducers: [reducer],
    contexts: [TEST_SOURCE],
    rekeyed: false,
    hash: options.hash ?? 'h',
  };
}

export const counting = (_event: LearningEvent, state: { count: number }): { count: number } => ({
  count: state.count + 1,
});

/** The same counting the events of each group, whose students are in any partition. */
export function countingByGroup(): Module {
  const module = testModule(counting, { scope: Scope([eventField('group')]) });
  const reducers = module.reducers.map((reducer) => ({ ...reducer, rekeyed: true }));
  return { ...module, reducers, rekeyed: true };
}
