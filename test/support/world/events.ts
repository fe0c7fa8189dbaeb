import { createEventCodec } from '../../../services/shared/event.ts';
import type { OutgoingRecord } from '../../../services/shared/log/port.ts';
import { eventsTopic } from '../../../services/shared/topics.ts';

/**
 * What an event does to the reducers that mind its kind: `throws` and `fickle` make them throw, the latter depending on
 * the state; `garbage` makes a state that is not JSON, and at which they throw from then on; so does `fleeting`, but the
 * next event may mend it, so that it depends on the time of a checkpoint whether it is refused; `hangs` is never done
 * with; `kills` ends the process. `undecodable` is no event at all.
 */
export const KINDS = [
  'plain',
  'throws',
  'fickle',
  'garbage',
  'fleeting',
  'hangs',
  'kills',
  'undecodable',
] as const;
export type Kind = (typeof KINDS)[number];

/** An event as a script gives it, before it has a place in the log. */
export interface WorldEvent {
  readonly id: string;
  readonly source: string;
  readonly student: string;
  readonly kind: Kind;
  /** What reducers fold. */
  readonly n: number;
  /** For scopes with a field of the event; empty when it has none. */
  readonly doc: string;
  readonly session: string | null;
  readonly sequence: number | null;
}

/** The class that the gateway stamps on a student's events; not everybody is in one. */
export function classOf(student: string): string | null {
  const last = student.charCodeAt(student.length - 1) % 5;
  return last === 4 ? null : `class ${last % 2}`;
}

const codec = createEventCodec();

/** The record that the gateway would append for an event. */
export function toRecord(namespace: string, event: WorldEvent): OutgoingRecord {
  const { source, student, kind, n, doc, id, session, sequence } = event;
  const auth = { sec: 'none', user_id: student, providence: 'tc', safe_user_id: student };
  const inClass = classOf(student);
  const client = { event: kind, source, n, tags: [n], ...(doc === '' ? {} : { doc }), auth };
  const encoded = codec.encode({
    id,
    source,
    type: kind,
    key: student,
    session,
    sequence,
    receivedAt: 1_000_000 + n,
    client: JSON.stringify(client),
    server: '{}',
    metadata: JSON.stringify({ auth, ...(inClass === null ? {} : { class: inClass }) }),
  });
  const value = kind === 'undecodable' ? Buffer.concat([Buffer.from('?'), encoded]) : encoded;
  return { topic: eventsTopic(namespace, source), key: student, value };
}
