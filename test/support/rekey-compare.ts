import { expect } from '@jest/globals';
import type { StateStore, Unit } from '../../services/shared/state/port.ts';
import { collect } from './collect.ts';
import type { Folded } from './rekey-ledger.ts';

const MODULE = 'rekey_audit.v1';

/** Fails unless the store has of each unit just the states and dead letters that the fold gives. */
export async function compareRekeyed(
  { state }: { readonly state: StateStore },
  topic: string,
  partitions: ReadonlyMap<number, Folded>,
): Promise<number> {
  let compared = 0;
  for (const [partition, { states, letters }] of partitions) {
    const unit: Unit = { module: MODULE, topic, partition };
    const stored = new Map<string, unknown>();
    for (const { field, value } of await collect(state.entries(unit)))
      if (field.startsWith('Internal,rekey_audit.'))
        stored.set(field.slice('Internal,rekey_audit.'.length), JSON.parse(value));
    expect(stored).toEqual(states);
    const open = (await state.deadLetterKeys(unit)).map(
      ({ reducer, offset }) => `${reducer.slice('rekey_audit.'.length)}@${offset}`,
    );
    expect(new Set(open)).toEqual(letters);
    compared += states.size;
  }
  return compared;
}
