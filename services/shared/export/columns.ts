import { createEventColumns } from '../archive/event-columns.ts';
import type { ArchivedPartition } from '../archive/object-name.ts';
import type { LogRecord } from '../log/port.ts';
import { wholePairs } from './json-text.ts';

/** What a cell is loaded as, and what it becomes in the file. */
export interface Column {
  readonly name: string;
  readonly loadedAs: 'BOOLEAN' | 'INTEGER' | 'BIGINT' | 'DOUBLE' | 'VARCHAR' | 'JSON' | 'BLOB';
  /** SQL over the cell, for what is written otherwise than it was loaded. */
  readonly written?: (cell: string) => string;
}

export type Cell = boolean | number | bigint | string | Uint8Array | null;
export type Row = readonly Cell[];

const ofMillis = (cell: string): string => `make_timestamptz(${cell} * 1000)`;
const ofMicros = (cell: string): string => `make_timestamptz(${cell})`;
/** A text that a reader would refuse, and with it the file, stands there as a JSON string of itself. */
const asJson = (cell: string): string =>
  `CASE WHEN json_valid(${cell}) THEN ${cell} ELSE to_json(${cell}::VARCHAR) END`;

/** The columns that every export has; see `services/archiver/READING.md`. `source` and `date` are the folders'. */
export const BASE_COLUMNS: readonly Column[] = [
  { name: 'topic', loadedAs: 'VARCHAR' },
  { name: 'partition', loadedAs: 'INTEGER' },
  { name: 'offset', loadedAs: 'BIGINT' },
  { name: 'timestamp', loadedAs: 'BIGINT', written: ofMillis },
  { name: 'key', loadedAs: 'VARCHAR' },
  { name: 'headers', loadedAs: 'JSON', written: asJson },
  { name: 'id', loadedAs: 'VARCHAR' },
  { name: 'eventSource', loadedAs: 'VARCHAR' },
  { name: 'type', loadedAs: 'VARCHAR' },
  { name: 'session', loadedAs: 'VARCHAR' },
  { name: 'sequence', loadedAs: 'BIGINT' },
  { name: 'receivedAt', loadedAs: 'BIGINT', written: ofMicros },
  { name: 'client', loadedAs: 'JSON', written: asJson },
  { name: 'server', loadedAs: 'JSON', written: asJson },
  { name: 'metadata', loadedAs: 'JSON', written: asJson },
  { name: 'value', loadedAs: 'BLOB' },
];

/** What the columns of a source's events are besides those of all. */
export interface TypedCells {
  readonly columns: readonly Column[];
  /** The cells of an event's client part, null for a record that has none. */
  cellsOf(client: string | null): readonly Cell[];
}

export const NO_TYPED_CELLS: TypedCells = { columns: [], cellsOf: () => [] };

/** Headers as a JSON object of texts; null when there are none. */
function headersText(headers: LogRecord['headers']): string | null {
  const entries = Object.entries(headers);
  return entries.length === 0
    ? null
    : JSON.stringify(Object.fromEntries(entries.map(([name, text]) => [name, text.toString()])));
}

const whole = (text: string | null): string | null => (text === null ? null : wholePairs(text));
const long = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

export interface RowMaker {
  readonly columns: readonly Column[];
  /** The row of a record, which must have a value. */
  rowOf(of: ArchivedPartition, record: LogRecord, value: Buffer): Row;
}

/** The record's own bytes go along where the columns do not say them to the letter. */
export function createRowMaker(typed: TypedCells): RowMaker {
  const columnsOf = createEventColumns();
  return {
    columns: [...BASE_COLUMNS, ...typed.columns],
    rowOf({ topic, partition }, { offset, timestamp, key, headers }, value) {
      const event = columnsOf(value);
      const client = whole(event.client);
      const server = whole(event.server);
      const metadata = whole(event.metadata);
      const isExact =
        event.client !== null &&
        client === event.client &&
        server === event.server &&
        metadata === event.metadata;
      return [
        topic,
        partition,
        BigInt(offset),
        BigInt(timestamp),
        key?.toString() ?? null,
        headersText(headers),
        event.id,
        event.source,
        event.type,
        event.session,
        long(event.sequence),
        long(event.receivedAt),
        client,
        server,
        metadata,
        isExact ? null : value,
        ...typed.cellsOf(event.client),
      ];
    },
  };
}
