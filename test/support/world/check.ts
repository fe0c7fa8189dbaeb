import type { StateStore, Unit } from '../../../services/shared/state/port.ts';
import type { Oracle } from './oracle.ts';

/** States, and what is known of where a rekeyed event comes from. The sessions of clients are kept among them. */
const CHECKED = /^(Internal|External|Mark),/;

const quoted = (text: string | undefined): string => (text === undefined ? 'nothing' : `"${text}"`);

function difference(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string | undefined {
  for (const field of new Set([...expected.keys(), ...found.keys()]))
    if (expected.get(field) !== found.get(field))
      return `${field} is ${quoted(found.get(field))}, should be ${quoted(expected.get(field))}`;
  return undefined;
}

const asMap = (names: Iterable<string>): Map<string, string> =>
  new Map([...names].map((name) => [`dead letter ${name}`, 'open']));

/**
 * Throws when what is stored of a unit is not the fold of the records below its stored offset: its states, and its open
 * dead letters.
 */
export async function checkUnit(store: StateStore, unit: Unit, oracle: Oracle): Promise<void> {
  const position = await store.position(unit);
  const next = position?.next ?? 0;
  const fields = new Map<string, string>();
  for await (const page of store.entries(unit))
    for (const { field, value } of page) if (CHECKED.test(field)) fields.set(field, value);
  oracle.plain(unit, fields);
  const letters = (await store.deadLetterKeys(unit)).map(({ reducer, offset }) => `${reducer}@${offset}`);
  const wrong =
    difference(oracle.fieldsAt(unit, next), fields) ??
    difference(asMap(oracle.lettersAt(unit, next)), asMap(letters));
  if (wrong !== undefined)
    throw new Error(`${unit.module} ${unit.topic}/${unit.partition} with offset ${next} stored: ${wrong}`);
}
