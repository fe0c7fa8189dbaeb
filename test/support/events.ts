import { createEventCodec } from '../../services/shared/event.ts';
import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { eventsTopic } from '../../services/shared/topics.ts';

const codec = createEventCodec();

export interface TestEvent {
  readonly namespace: string;
  readonly source: string;
  readonly student: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  /** As its client numbers it. */
  readonly session?: string;
  readonly sequence?: number;
  /** Microseconds since 1970; now when it is not given. */
  readonly receivedAt?: number;
  /** What the gateway stamps besides who sends. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A record as the gateway would append it. */
export function eventRecord(event: TestEvent): OutgoingRecord {
  const auth = { sec: 'none', user_id: event.student, providence: 'tc', safe_user_id: event.student };
  const client = { event: 'test', source: event.source, ...event.fields, auth };
  const value = codec.encode({
    id: event.id ?? crypto.randomUUID(),
    source: event.source,
    type: client.event,
    key: event.student,
    session: event.session ?? null,
    sequence: event.sequence ?? null,
    receivedAt: event.receivedAt ?? Date.now() * 1_000,
    client: JSON.stringify(client),
    server: '{}',
    metadata: JSON.stringify({ ...event.metadata, auth }),
  });
  return { topic: eventsTopic(event.namespace, event.source), key: event.student, value };
}
