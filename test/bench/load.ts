import type { EventLog } from '../../services/shared/log/port.ts';
import { eventRecord } from '../support/events.ts';

export interface Load {
  readonly namespace: string;
  readonly source: string;
  readonly events: number;
  readonly students: number;
  /** Of the JSON text of each event's client part, about. */
  readonly payloadBytes: number;
}

const CHUNK = 5_000;

/** Appends a class's worth of events, every student in turn. */
export async function appendLoad(log: EventLog, load: Load): Promise<void> {
  const producer = await log.createProducer();
  const { namespace, source } = load;
  const fields = { doc_id: 'd', text: 'x'.repeat(Math.max(0, load.payloadBytes - 200)) };
  for (let sent = 0; sent < load.events; sent += CHUNK) {
    const chunk = Array.from({ length: Math.min(CHUNK, load.events - sent) }, (_, index) =>
      eventRecord({ namespace, source, student: `tc-testcase-${(sent + index) % load.students}`, fields }),
    );
    await producer.send(chunk);
  }
  await producer.close();
}
