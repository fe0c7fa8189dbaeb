import type { LogRecord } from '../shared/log/port.ts';
import { rangesOf } from '../shared/log/ranges.ts';
import type { Unit } from '../shared/state/port.ts';
import type { House } from './house.ts';

const MAX_RECORDS = 100;
const MAX_BYTES = 4 * 1_048_576;

async function* readWanted(
  { history }: Pick<House, 'history'>,
  { topic, partition }: Unit,
  offsets: ReadonlySet<number>,
): AsyncGenerator<LogRecord> {
  for (const range of rangesOf(offsets))
    for await (const records of history.read({ topic, partition, ...range }))
      for (const record of records) if (offsets.has(record.offset)) yield record;
}

/** The records at some offsets of a unit, wherever they are kept, in order, a few at a time. Throws HISTORY_GAP. */
export async function* readOriginals(
  house: Pick<House, 'history'>,
  unit: Unit,
  offsets: ReadonlySet<number>,
): AsyncGenerator<readonly LogRecord[]> {
  let page: LogRecord[] = [];
  let bytes = 0;
  for await (const record of readWanted(house, unit, offsets)) {
    page.push(record);
    bytes += record.value?.length ?? 0;
    if (page.length < MAX_RECORDS && bytes < MAX_BYTES) continue;
    yield page;
    page = [];
    bytes = 0;
  }
  if (page.length > 0) yield page;
}
