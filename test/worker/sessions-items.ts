import type { DecodedEvent } from '../../services/worker/decode.ts';
import type { Item } from '../../services/worker/intake.ts';
import type { Sessions } from '../../services/worker/sessions.ts';

/** A record of an event, as far as duplicates are concerned. */
export interface Sent {
  readonly offset: number;
  /** When the log appended it, in milliseconds. */
  readonly timestamp: number;
  readonly key: string;
  readonly id: string;
  readonly session: string | null;
  readonly sequence: number | null;
}

export function itemOf({ offset, timestamp, key, id, session, sequence }: Sent): Item {
  const event = { envelope: { key, id, session, sequence } } as DecodedEvent;
  return {
    offset,
    timestamp,
    id,
    event,
    refusal: null,
    requeued: null,
    keys: [],
    counted: null,
    origin: null,
  };
}

/** Reads what a batch needs out of a store. */
export function load(
  sessions: Sessions,
  items: readonly Item[],
  store: ReadonlyMap<string, string>,
): readonly string[] {
  const fields = sessions.missing(items);
  sessions.fill(
    fields,
    fields.map((field) => store.get(field) ?? null),
  );
  return fields;
}

/** Writes a checkpoint into a store. */
export function apply(states: ReadonlyMap<string, string | null>, store: Map<string, string>): void {
  for (const [field, text] of states)
    if (text === null) store.delete(field);
    else store.set(field, text);
}
