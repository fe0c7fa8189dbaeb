import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type Json } from '@duckdb/node-api';
import { createObjectEncoder } from '../../services/archiver/object.ts';
import { toMetadata } from '../../services/shared/archive/object-range.ts';
import { createObjectOpener } from '../../services/shared/archive/open-object.ts';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import type { ClientType } from '../../services/shared/client-schema.ts';
import { readArchivedErasures } from '../../services/shared/erasing/archived-erasures.ts';
import { createEventCodec, type Envelope } from '../../services/shared/event.ts';
import { openDirectoryTarget } from '../../services/shared/export/directory-target.ts';
import type { DayOutcome } from '../../services/shared/export/export-day.ts';
import { exportSource } from '../../services/shared/export/export-source.ts';
import { createFormat, type FormatName } from '../../services/shared/export/formats.ts';
import type { ExportTarget } from '../../services/shared/export/target.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { testRun } from './test-run.ts';

/** Archives of records that a test thinks up, their exports, and what others read there. */

export const SOURCE = 'essay';
/** 2026-09-01, midnight. */
export const DAY_ONE = Date.UTC(2026, 8, 1);
const codec = createEventCodec();

export function makeFolder(): string {
  return mkdtempSync(join(testRun.makeDir('exports'), 'export-'));
}

export interface EventParts extends Partial<Envelope> {
  readonly timestamp?: number;
  readonly headers?: LogRecord['headers'];
}

/** An event as the log holds it; what is not given is usual. */
export function eventRecord(offset: number, parts: EventParts = {}): LogRecord {
  const { timestamp = DAY_ONE + offset * 1_000, headers = {}, ...given } = parts;
  const envelope: Envelope = {
    id: `e${offset}`,
    source: SOURCE,
    type: 'x',
    key: `tc-s${offset % 3}`,
    session: null,
    sequence: null,
    receivedAt: timestamp * 1_000 - 1_001,
    client: `{"event":"x","n":${offset}}`,
    server: '{}',
    metadata: '{"auth":{"user_id":"s"}}',
    ...given,
  };
  return { offset, timestamp, headers, key: Buffer.from(envelope.key), value: codec.encode(envelope) };
}

/** Puts one object of these records, and returns its name. */
export async function putObject(
  archive: ArchiveStore,
  records: readonly LogRecord[],
  { source = SOURCE, partition = 0 }: { source?: string; partition?: number } = {},
): Promise<string> {
  const of = { source, topic: `lectern.events.${source}`, partition };
  const object = await createObjectEncoder().encode(of, records);
  await archive.putIfAbsent(object.name, object.bytes, toMetadata(object.range));
  return object.name;
}

export interface ExportAsked {
  readonly out: string;
  readonly source?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format?: FormatName;
  readonly student?: string;
  readonly type?: ClientType;
  readonly memoryMb?: number;
  readonly target?: (target: ExportTarget) => ExportTarget;
}

export async function exportTo(
  archive: ArchiveStore,
  { out, source = SOURCE, from = '0', to = '9', format = 'parquet', ...asked }: ExportAsked,
): Promise<readonly DayOutcome[]> {
  const opened = await openDirectoryTarget(out);
  const target = asked.target?.(opened) ?? opened;
  const outcomes: DayOutcome[] = [];
  try {
    const deps = {
      archive,
      target,
      opener: createObjectOpener(archive),
      format: createFormat(format, asked.type),
      student: asked.student ?? null,
      memoryMb: asked.memoryMb ?? 256,
      eraserOf: await readArchivedErasures(archive),
      scan: { onTotal: () => undefined, onObject: () => undefined },
      onDays: () => undefined,
      onRecords: () => undefined,
    };
    for await (const outcome of exportSource(source, { from, to }, deps)) outcomes.push(outcome);
  } finally {
    await opened.close();
  }
  return outcomes;
}

/** `<date> <records> <outcome>` each. */
export function told(outcomes: readonly DayOutcome[]): readonly string[] {
  return outcomes.map(({ date, records, outcome }) => `${date} ${records} ${outcome}`);
}

/** What DuckDB answers, in `folder`, as JSON would say it. */
export async function ask(folder: string, sql: string): Promise<readonly Record<string, Json>[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run(`SET file_search_path = '${folder}'; SET TimeZone = 'UTC'`);
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
