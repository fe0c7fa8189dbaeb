import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createRecordLine } from '../archive/archived-lines.ts';
import type { ArchivedPartition } from '../archive/object-name.ts';
import type { ClientType } from '../client-schema.ts';
import type { LogRecord } from '../log/port.ts';
import { type Column, createRowMaker, NO_TYPED_CELLS, type Row } from './columns.ts';
import type { DayTable } from './day-table.ts';
import { createTypedCells } from './typed-columns.ts';

/** How the records of a day become a file. */
export interface Format {
  readonly fileName: string;
  /** Of the table that the rows go through. */
  readonly columns: readonly Column[];
  rowOf(of: ArchivedPartition, record: LogRecord, value: Buffer): Row;
  /** Writes what the table holds, in the order of time. */
  write(table: DayTable, path: string): Promise<void>;
}

/** By time; at the same time by where they come from, so that the same records always give the same order. */
export const ORDER: readonly string[] = ['timestamp', 'topic', 'partition', 'offset'];

export const FORMATS = ['parquet', 'jsonl'] as const;
export type FormatName = (typeof FORMATS)[number];

function parquet(type: ClientType | undefined): Format {
  const { columns, rowOf } = createRowMaker(type === undefined ? NO_TYPED_CELLS : createTypedCells(type));
  return {
    fileName: 'events.parquet',
    columns,
    rowOf,
    write: (table, path) => table.writeParquet(path),
  };
}

function jsonl(): Format {
  const lineOf = createRecordLine();
  const columns: readonly Column[] = [
    { name: 'timestamp', loadedAs: 'BIGINT' },
    { name: 'topic', loadedAs: 'VARCHAR' },
    { name: 'partition', loadedAs: 'INTEGER' },
    { name: 'offset', loadedAs: 'BIGINT' },
    { name: 'line', loadedAs: 'VARCHAR' },
  ];
  return {
    fileName: 'events.jsonl',
    columns,
    rowOf({ topic, partition }, record) {
      const { offset, timestamp } = record;
      const line = lineOf({ topic, partition }, record);
      return [BigInt(timestamp), topic, partition, BigInt(offset), line];
    },
    async write(table, path) {
      const blocks = async function* (): AsyncGenerator<string> {
        for await (const lines of table.texts('line')) yield `${lines.join('\n')}\n`;
      };
      await pipeline(Readable.from(blocks()), createWriteStream(path, { flags: 'wx' }));
    },
  };
}

/** `type` is that of the source's events, if they have one: Parquet has a column for each of its fields. */
export function createFormat(name: FormatName, type: ClientType | undefined): Format {
  return name === 'parquet' ? parquet(type) : jsonl();
}
