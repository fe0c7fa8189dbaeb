import { stateField } from '../state-key.ts';

/**
 * The field of a unit that holds one part of a state: as that of its head, under the key with `PART` as one more field,
 * so that whoever looks for the states of a learner finds the parts with them.
 */
export function partField(reducerId: string, key: string, index: number): string {
  return stateField('Internal', reducerId, `${key},PART:${index}`);
}
