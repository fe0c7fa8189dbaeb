import { v7 as uuid } from 'uuid';
import { createEventCodec } from '../../services/shared/event.ts';
import type { EventLog, OutgoingRecord } from '../../services/shared/log/port.ts';
import { eventsTopic } from '../../services/shared/topics.ts';

export interface Load {
  readonly namespace: string;
  readonly source: string;
  readonly events: number;
  /** How many students there are. */
  readonly students: number;
  /** The student of the nth event, from 0; every one in turn unless told. */
  readonly pick?: (event: number) => number;
  /** Of the JSON text of each event's client part, about. */
  readonly payloadBytes: number;
  /** Events are numbered in a session of each student's, as by a client that wants acknowledgements. */
  readonly sessions: boolean;
}

/** What a reducer that counts, and keeps the type of the last event, must have for one student. */
export interface Tally {
  readonly count: number;
  readonly last: string;
}

export type Tallies = ReadonlyMap<string, Tally>;

const CHUNK = 5_000;
const TYPES = 5;
const codec = createEventCodec();

export const studentName = (student: number): string => `tc-testcase-${student}`;

/** The nth event of a student, from 0, as the gateway would append it. */
export function loadRecord(
  load: Omit<Load, 'events' | 'students'>,
  student: number,
  n: number,
): OutgoingRecord {
  const { namespace, source, sessions } = load;
  const key = studentName(student);
  const auth = { sec: 'none', user_id: key, providence: 'tc', safe_user_id: key };
  const session = sessions ? `session-${student}` : null;
  const sequence = sessions ? n : null;
  const type = `type${n % TYPES}`;
  const numbered = sessions ? { session, sequence } : {};
  const bare = { event: type, source, ...numbered, doc_id: 'd', text: '', auth };
  const text = 'x'.repeat(Math.max(0, load.payloadBytes - JSON.stringify(bare).length));
  const value = codec.encode({
    id: uuid(),
    source,
    type,
    key,
    session,
    sequence,
    receivedAt: Date.now() * 1_000,
    client: JSON.stringify({ ...bare, text }),
    server: '{}',
    metadata: JSON.stringify({ auth }),
  });
  return { topic: eventsTopic(namespace, source), key, value };
}

/** What must come out of students who got so many events each. */
export function talliesOf(counts: Uint32Array): Tallies {
  const tallies = new Map<string, Tally>();
  for (const [student, count] of counts.entries())
    if (count > 0) tallies.set(studentName(student), { count, last: `type${(count - 1) % TYPES}` });
  return tallies;
}

/** Appends the events, and tells what must come out of them. */
export async function appendLoad(log: EventLog, load: Load): Promise<Tallies> {
  const producer = await log.createProducer();
  const counts = new Uint32Array(load.students);
  const pick = load.pick ?? ((event) => event % load.students);
  for (let sent = 0; sent < load.events; sent += CHUNK) {
    const records = Array.from({ length: Math.min(CHUNK, load.events - sent) }, (_, index) => {
      const student = pick(sent + index);
      const n = counts[student]!;
      counts[student] = n + 1;
      return loadRecord(load, student, n);
    });
    await producer.send(records);
  }
  await producer.close();
  return talliesOf(counts);
}
