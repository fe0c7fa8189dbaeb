import type { ModuleReducer } from '../shared/module.ts';
import type { StateEntry, StateStore, Unit } from '../shared/state/port.ts';
import { eventFieldName, keyText, parseStateField, stateField, visibleText } from '../shared/state-key.ts';
import { plainText } from '../shared/state-types/plain-state.ts';

/** A state under its name, as it is stored. */
interface Head {
  readonly reducer: ModuleReducer;
  readonly values: Readonly<Record<string, string>>;
  readonly key: string;
  readonly internal: string;
  readonly external: string | null;
}

export interface StateLinesDeps {
  readonly state: Pick<StateStore, 'entries' | 'readMany'>;
  /** Whose states are wanted. */
  readonly reducers: readonly ModuleReducer[];
}

const PART = 'PART';

const EVENT_FIELD = eventFieldName('');

/** Event fields go by the names that authors gave them, unless a field of another kind is named so. */
function keyOf(values: Head['values']): string {
  const named = Object.entries(values).map(([field, value]) => {
    const own = field.startsWith(EVENT_FIELD) ? field.slice(EVENT_FIELD.length) : field;
    return [own in values ? field : own, value] as const;
  });
  return JSON.stringify(Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/**
 * The states of a unit, one JSON text each, in no order: `{"reducer", "key", "internal", "external"}`. States are the texts
 * that are stored, to the letter; `internal` has its parts where a state type keeps them elsewhere, and `external` is what
 * queries see, null where that is nothing yet.
 */
export async function* stateLines({ state, reducers }: StateLinesDeps, unit: Unit): AsyncGenerator<string> {
  const byId = new Map(reducers.map((reducer) => [reducer.id, reducer]));

  const headsOf = async (page: readonly StateEntry[]): Promise<readonly Head[]> => {
    const found = page.flatMap(({ field, value }) => {
      const { kind, reducerId, values } = parseStateField(field);
      const reducer = byId.get(reducerId);
      if (reducer === undefined || kind !== 'Internal' || PART in values) return [];
      return [{ reducer, values, key: keyText(values), internal: value }];
    });
    const fields = found.map(({ reducer, key }) => stateField('External', reducer.id, key));
    const externals = await state.readMany(unit, fields);
    return found.map((head, index) => ({ ...head, external: externals[index] ?? null }));
  };

  /** Nothing removes a state any more when all is folded. */
  const wholeOf = async ({ reducer, key, internal }: Head): Promise<string> =>
    (await plainText(state, unit, reducer, key, internal))!;

  for await (const page of state.entries(unit))
    for (const head of await headsOf(page)) {
      const internal = await wholeOf(head);
      const external = visibleText(internal, head.external);
      yield `{"reducer":${JSON.stringify(head.reducer.id)},"key":${keyOf(head.values)},"internal":${internal},"external":${external}}`;
    }
}
