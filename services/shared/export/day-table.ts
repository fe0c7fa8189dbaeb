import type { DuckDBAppender, DuckDBConnection, DuckDBDataChunk, DuckDBType } from '@duckdb/node-api';
import { LecternError, messageOf } from '../errors.ts';
import type { Cell, Column, Row } from './columns.ts';
import { createTimeSizes, type TimeSizes } from './time-sizes.ts';

/** The only importer of DuckDB, which is loaded when the first table is made: other commands need not wait for it. */

export interface DayTableOptions {
  readonly columns: readonly Column[];
  /** The columns by which rows are sorted; the first is a BIGINT, in milliseconds. */
  readonly order: readonly string[];
  /** What no longer fits into memory goes into this folder. */
  readonly workDir: string;
  /** What the database may take; the rows that are on their way come to it, some 100 MiB. */
  readonly memoryMb: number;
}

/** The records of a day, in any number, that come in any order and leave in that of their time. */
export interface DayTable {
  append(row: Row): void;
  /** Writes all rows as a Parquet file, zstd, in order. Once, as the other. */
  writeParquet(path: string): Promise<void>;
  /** The texts of one column, in order. */
  texts(column: string): AsyncIterable<readonly string[]>;
  close(): void;
}

const MIB = 1_048_576;
/** As many as the database takes at a time. */
const CHUNK_ROWS = 2_048;
const CHUNK_BYTES = 4 * MIB;
const FLUSH_BYTES = 32 * MIB;
/** Some row groups are in memory at a time, in several forms. */
const GROUP_SHARE = 1 / 32;
const GROUP_ROWS = { min: CHUNK_ROWS, max: 61_440 };
/** Up to this share of the memory is sorted at once; the database fails where it should sort much more. */
const SORTED_SHARE = 1 / 2;
const SLICE_SHARE = 1 / 8;
const THREADS = 2;
const CELL_BYTES = 8;

/** A message of the database, whose errors are not always `instanceof Error`. */
const toldBy = (error: unknown): string => messageOf((error as Partial<Error>).message ?? error);
const isOutOfMemory = (error: unknown): boolean => toldBy(error).startsWith('Out of Memory');
const quoted = (name: string): string => `"${name}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function sizeOf(cell: Cell): number {
  return typeof cell === 'string' || cell instanceof Uint8Array ? CELL_BYTES + cell.length : CELL_BYTES;
}

/** What the database says may quote a record, which is a learner's: only faults of the machine are passed on. */
function toExportError(error: unknown, memoryMb: number): LecternError {
  const [first = ''] = toldBy(error).split('\n');
  if (isOutOfMemory(error))
    return new LecternError(
      'CONFIG_INVALID',
      `the records of a day could not be sorted with ${memoryMb} MiB of memory: give more with --memory`,
      { cause: error },
    );
  if (first.startsWith('IO Error'))
    return new LecternError('ARCHIVE_UNAVAILABLE', `the export could not be written: ${first}`, {
      cause: error,
    });
  const kind = /^[A-Z][A-Za-z ]* Error(?=:)/.exec(first)?.[0] ?? 'a bug';
  return new LecternError('ARCHIVE_UNAVAILABLE', `the export of a day failed in the database (${kind})`);
}

function groupRows({ rows, bytes }: { rows: number; bytes: number }, groupMb: number): number {
  const fitting = Math.floor((groupMb * MIB * rows) / Math.max(1, bytes));
  return Math.min(GROUP_ROWS.max, Math.max(GROUP_ROWS.min, fitting));
}

async function loadDuckDB(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw new LecternError(
      'CONFIG_INVALID',
      `DuckDB, which writes exports, is not there for ${process.platform} ${process.arch}: install the packages with ` +
        'their optional ones, or export on Linux, macOS or Windows',
      { cause: error },
    );
  }
}

type DuckDB = Awaited<ReturnType<typeof loadDuckDB>>;

function createLoader(
  duckdb: DuckDB,
  appender: DuckDBAppender,
  columns: readonly Column[],
  sizes: TimeSizes,
) {
  const types = columns.map(({ loadedAs }): DuckDBType => duckdb[loadedAs === 'JSON' ? 'VARCHAR' : loadedAs]);
  let cells: Cell[][] = columns.map(() => []);
  let bytes = 0;
  let unflushed = 0;
  const total = { rows: 0, bytes: 0 };

  const load = (): void => {
    const rows = cells[0]!.length;
    if (rows === 0) return;
    const chunk: DuckDBDataChunk = duckdb.DuckDBDataChunk.create(types, rows);
    const values = cells.map((column, index) =>
      columns[index]!.loadedAs === 'BLOB'
        ? column.map((cell) => (cell === null ? null : duckdb.blobValue(cell as Uint8Array)))
        : (column as (string | number)[]),
    );
    chunk.setColumns(values);
    appender.appendDataChunk(chunk);
    cells = columns.map(() => []);
    unflushed += bytes;
    bytes = 0;
    if (unflushed < FLUSH_BYTES) return;
    appender.flushSync();
    unflushed = 0;
  };

  return {
    total,
    append(row: Row): void {
      let size = 0;
      for (let index = 0; index < row.length; index++) {
        cells[index]!.push(row[index]!);
        size += sizeOf(row[index]!);
      }
      bytes += size;
      sizes.add(row, size);
      total.rows += 1;
      total.bytes += size;
      if (cells[0]!.length >= CHUNK_ROWS || bytes >= CHUNK_BYTES) load();
    },
    finish(): void {
      load();
      appender.flushSync();
    },
  };
}

export async function createDayTable({
  columns,
  order,
  workDir,
  memoryMb,
}: DayTableOptions): Promise<DayTable> {
  const duckdb = await loadDuckDB();
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    threads: String(THREADS),
    memory_limit: `${memoryMb}MiB`,
    temp_directory: workDir,
    // All that is needed is built in, and a program that exports asks nobody for more.
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection: DuckDBConnection = await instance.connect();
  const fields = columns.map(({ name, loadedAs }) => `${quoted(name)} ${loadedAs}`);
  await connection.run(`CREATE TABLE day (${fields.join(', ')})`);
  const appender = await connection.createAppender('day');
  const timeColumn = columns.findIndex(({ name }) => name === order[0]);
  const sizes = createTimeSizes(timeColumn);
  const loader = createLoader(duckdb, appender, columns, sizes);
  const ordered = `ORDER BY ${order.map((name) => `day.${quoted(name)}`).join(', ')}`;

  /** What to select all rows from, in order. */
  const sortRows = async (): Promise<string> => {
    loader.finish();
    if (loader.total.bytes <= memoryMb * MIB * SORTED_SHARE) return `FROM day ${ordered}`;
    await connection.run('CREATE TABLE sorted AS FROM day LIMIT 0');
    const time = `day.${quoted(order[0]!)}`;
    for (const { from, to } of sizes.slices(memoryMb * MIB * SLICE_SHARE))
      await connection.run(
        `INSERT INTO sorted FROM day WHERE ${time} >= ${from} AND ${time} < ${to} ${ordered}`,
      );
    await connection.run('DROP TABLE day');
    return 'FROM sorted AS day';
  };

  const inDatabase = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toExportError(error, memoryMb);
    }
  };

  return {
    append(row) {
      try {
        loader.append(row);
      } catch (error) {
        throw toExportError(error, memoryMb);
      }
    },

    async writeParquet(path) {
      const selected = columns.map(({ name, written }) => {
        const cell = `day.${quoted(name)}`;
        return written === undefined ? cell : `${written(cell)} AS ${quoted(name)}`;
      });
      await inDatabase(async () => {
        const rows = `SELECT ${selected.join(', ')} ${await sortRows()}`;
        const format = `FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${groupRows(loader.total, memoryMb * GROUP_SHARE)}`;
        await connection.run(`COPY (${rows}) TO ${literal(path)} (${format})`);
      });
    },

    async *texts(column) {
      const result = await inDatabase(async () =>
        connection.stream(`SELECT day.${quoted(column)} ${await sortRows()}`),
      );
      for (;;) {
        const chunk = await inDatabase(() => result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        yield chunk.getColumnValues(0) as string[];
      }
    },

    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
