import { createPartReader } from '../event.ts';
import type { History } from '../history/port.ts';
import type { EventLog, LogRecord } from '../log/port.ts';
import { eventsTopic, UNCLAIMED } from '../topics.ts';

/** The source of a record's event; null when it is no event of ours. */
export type ReadSource = (record: Pick<LogRecord, 'value'>) => string | null;

export function createReadSource(): ReadSource {
  const reader = createPartReader(['source']);
  return ({ value }) => {
    if (value === null) return null;
    const decoded = reader.decode(value);
    return decoded.kind === 'ok' ? decoded.value.source : null;
  };
}

export interface Waiting {
  /** How many events wait, by source: of the sources that were met first, as many as were to be told. */
  readonly sources: ReadonlyMap<string, number>;
  /** Of all other sources together. */
  readonly ofOthers: number;
}

export interface WaitingCount {
  take(partition: number, record: LogRecord): void;
  readonly found: Waiting;
}

/** The most sources that are told apart: whoever may send may name as many as there are events. */
const MOST_SOURCES = 1_000;

/**
 * Counts the events in the topic of unclaimed events that are not in a topic of their own, by what the claims say.
 * `isMeant` says which sources are of interest; all, when it is not given.
 */
export function createWaitingCount(
  claims: ReadonlyMap<string, { readonly copied: readonly number[] }>,
  isMeant: (source: string) => boolean = () => true,
  most = MOST_SOURCES,
): WaitingCount {
  const readSource = createReadSource();
  const sources = new Map<string, number>();
  let ofOthers = 0;
  return {
    take(partition, record) {
      const source = readSource(record);
      if (source === null || !isMeant(source)) return;
      if (record.offset < (claims.get(source)?.copied[partition] ?? 0)) return;
      const known = sources.get(source);
      if (known === undefined && sources.size >= most) ofOthers += 1;
      else sources.set(source, (known ?? 0) + 1);
    },
    get found() {
      return { sources, ofOthers };
    },
  };
}

export interface CountWaitingDeps {
  readonly namespace: string;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly history: Pick<History, 'start' | 'read'>;
  readonly claims: ReadonlyMap<string, { readonly copied: readonly number[] }>;
  /** How many records will be read, and of how many a page was just read. */
  readonly onTotal?: (count: number) => void;
  readonly onRead?: (count: number) => void;
}

/** The events that wait, by source, out of all that archive and log have of the topic of unclaimed events. */
export async function countWaiting(deps: CountWaitingDeps): Promise<Waiting> {
  const topic = eventsTopic(deps.namespace, UNCLAIMED);
  const count = createWaitingCount(deps.claims);
  const ranges: { readonly partition: number; readonly from: number; readonly to: number }[] = [];
  for (const { partition, end } of await deps.log.offsets(topic))
    ranges.push({ partition, from: await deps.history.start({ topic, partition }), to: end });
  deps.onTotal?.(ranges.reduce((sum, { from, to }) => sum + to - from, 0));
  for (const range of ranges)
    for await (const page of deps.history.read({ topic, ...range })) {
      for (const record of page) count.take(range.partition, record);
      deps.onRead?.(page.length);
    }
  return count.found;
}
