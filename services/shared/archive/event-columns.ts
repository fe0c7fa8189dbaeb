import { createEventCodec, type Envelope } from '../event.ts';

/** What an object has as columns of a record that is an event of ours; of any other, nulls. */
export type EventColumns = { readonly [Column in keyof Omit<Envelope, 'key'>]: Envelope[Column] | null };

const NO_EVENT: EventColumns = {
  id: null,
  source: null,
  type: null,
  session: null,
  sequence: null,
  receivedAt: null,
  client: null,
  server: null,
  metadata: null,
};

/** Gives the columns of a record's value. */
export function createEventColumns(): (value: Buffer | null) => EventColumns {
  const codec = createEventCodec();
  return (value) => {
    const decoded = value === null ? null : codec.decode(value);
    return decoded?.kind === 'ok' ? decoded.value : NO_EVENT;
  };
}
