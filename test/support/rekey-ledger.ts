import { createEventCodec } from '../../services/shared/event.ts';
import type { EventLog, LogRecord } from '../../services/shared/log/port.ts';
import { partitionOf } from '../../services/shared/partition.ts';
import { keyText } from '../../services/shared/state-key.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import { link } from './audit-module/trail.js';
import { REKEY_SOURCES } from './rekey-load.ts';

/** What the module in `rekey-audit-module` must come to, found out from the log without the code that wrote states. */

interface Event {
  readonly id: string;
  readonly student: string;
  /** Microseconds since 1970. */
  readonly receivedAt: number;
  readonly source: string;
  /** By reducer. */
  readonly keys: Readonly<Record<string, string | null>>;
}

export interface ChainState {
  readonly chain: number;
  readonly count: number;
}

/** By partition: states by reducer and key, as `<reducer>,<key>`, and dead letters as `<reducer>@<offset>`. */
export interface Folded {
  readonly states: ReadonlyMap<string, ChainState>;
  readonly letters: ReadonlySet<string>;
}

const [A, B] = REKEY_SOURCES;
const CONTEXTS: Readonly<Record<string, readonly string[]>> = {
  by_class: [A],
  by_resource: [A, B],
  by_doc: [B],
  by_student: [A, B],
};

const codec = createEventCodec();
const keyed = (name: string, value: string | undefined): string | null =>
  value === undefined ? null : keyText({ [name]: value });

/** Whose events count for nothing but duplicates. */
type IsErased = (event: Pick<Event, 'student' | 'receivedAt'>) => boolean;
const NOBODY: IsErased = () => false;

function readEvent(value: Buffer): Event {
  const decoded = codec.decode(value);
  if (decoded.kind !== 'ok') throw new Error(decoded.reason);
  const { id, source, key, client, metadata, receivedAt } = decoded.value;
  const stamped = JSON.parse(metadata) as { class?: string; resource?: string };
  const { doc } = JSON.parse(client) as { doc?: { id: string } };
  const all: Record<string, string | null> = {
    by_class: keyed('CLASS', stamped.class),
    by_resource: keyed('RESOURCE', stamped.resource),
    by_doc: keyed('EventField.doc.id', doc?.id),
    by_student: keyed('STUDENT', key),
  };
  const keys = Object.fromEntries(
    Object.entries(all).map(([reducer, text]) => [
      reducer,
      CONTEXTS[reducer]!.includes(source) ? text : null,
    ]),
  );
  return { id, source, student: key, receivedAt, keys };
}

async function readPartitions(log: EventLog, topic: string): Promise<ReadonlyMap<number, LogRecord[]>> {
  const partitions = new Map<number, LogRecord[]>();
  for (const { partition, start, end } of await log.offsets(topic)) {
    const records: LogRecord[] = [];
    if (end > start)
      for await (const page of log.read({ topic, partition, from: start, to: end })) records.push(...page);
    partitions.set(partition, records);
  }
  return partitions;
}

function add(states: Map<string, ChainState>, name: string, id: string): void {
  const { chain, count } = states.get(name) ?? { chain: 7, count: 0 };
  states.set(name, { chain: link(chain, id), count: count + 1 });
}

/** The first of the records of each event. */
function withoutRepeats(records: readonly LogRecord[]) {
  const had = new Set<string>();
  return records
    .map(({ offset, value }) => ({ offset, event: readEvent(value!) }))
    .filter(({ event }) => !had.has(event.id) && had.add(event.id));
}

/** The states of the reducer that folds the topic of the first source itself, by partition. */
export async function foldOwn(
  log: EventLog,
  namespace: string,
  isErased = NOBODY,
): Promise<ReadonlyMap<number, Folded>> {
  const partitions = new Map<number, Folded>();
  for (const [partition, records] of await readPartitions(log, eventsTopic(namespace, A))) {
    const states = new Map<string, ChainState>();
    for (const { event } of withoutRepeats(records))
      if (!isErased(event)) add(states, `own,${keyText({ STUDENT: event.student })}`, event.id);
    partitions.set(partition, { states, letters: new Set() });
  }
  return partitions;
}

/** Every place that an event of the sources must have in the rekey topic, once. */
export async function demandedPlaces(
  log: EventLog,
  namespace: string,
  partitions: number,
): Promise<Set<string>> {
  const places = new Set<string>();
  for (const source of REKEY_SOURCES) {
    const topic = eventsTopic(namespace, source);
    for (const [partition, records] of await readPartitions(log, topic))
      for (const { offset, event } of withoutRepeats(records)) {
        const keys = Object.values(event.keys).filter((key) => key !== null);
        for (const [n, key] of [...new Set(keys)].sort().entries())
          places.add(`${partitionOf(key, partitions)}: ${topic}/${partition}@${offset}#${n} ${key}`);
      }
  }
  return places;
}

export interface FoldedRekey {
  readonly partitions: ReadonlyMap<number, Folded>;
  /** The places of what counts. */
  readonly places: ReadonlySet<string>;
  /** How many records do not, because they were there before. */
  readonly repeated: number;
}

/** Folds the rekey topic: of each source partition, what is not higher than what came before was there already. */
export async function foldRekeyed(log: EventLog, topic: string, isErased = NOBODY): Promise<FoldedRekey> {
  const partitions = new Map<number, Folded>();
  const places = new Set<string>();
  let repeated = 0;
  for (const [partition, records] of await readPartitions(log, topic)) {
    const states = new Map<string, ChainState>();
    const letters = new Set<string>();
    const marks = new Map<string, readonly [number, number]>();
    for (const { offset, key, value, headers } of records) {
      const header = (name: string): string => headers[`lectern-origin-${name}`]!.toString();
      const from = `${header('topic')}/${header('partition')}`;
      const [at, n] = [Number(header('offset')), Number(header('n'))];
      const [highest, last] = marks.get(from) ?? [-1, -1];
      if (at < highest || (at === highest && n <= last)) {
        repeated += 1;
        continue;
      }
      marks.set(from, [at, n]);
      const text = key!.toString();
      places.add(`${partition}: ${from}@${at}#${n} ${text}`);
      const event = readEvent(value!);
      if (isErased(event)) continue;
      for (const [reducer, own] of Object.entries(event.keys)) {
        if (own !== text) continue;
        if (reducer === 'by_doc' && event.id.endsWith('7')) letters.add(`${reducer}@${offset}`);
        else add(states, `${reducer},${text}`, event.id);
      }
    }
    partitions.set(partition, { states, letters });
  }
  return { partitions, places, repeated };
}
