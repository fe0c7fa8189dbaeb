import { appendListState } from './append-list.ts';
import { jsonState } from './json.ts';
import { longObjectState } from './long-object.ts';
import type { StateType } from './state-type.ts';

const STATE_TYPES: readonly StateType[] = [
  jsonState,
  appendListState as StateType,
  longObjectState as StateType,
];

/** The names of all state types, as modules declare them. */
export const stateTypeNames: readonly string[] = STATE_TYPES.map(({ name }) => name);

export function findStateType(name: string): StateType | null {
  return STATE_TYPES.find((type) => type.name === name) ?? null;
}
