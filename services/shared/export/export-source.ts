import type { ArchiveStore } from '../archive/port.ts';
import { type DayOutcome, type ExportDeps, type SourceDay, unchanged, writeDay } from './export-day.ts';
import { daysOfObjects, type ObjectDaysDeps } from './object-days.ts';
import { type DayRange, findObjects } from './source-objects.ts';

export interface SourceExportDeps extends ExportDeps {
  readonly archive: ArchiveStore;
  /** Objects whose days are not known yet are read first, to know them. */
  readonly scan: Pick<ObjectDaysDeps, 'onTotal' | 'onObject'>;
  /** Called with how many records the days have that are to be written. */
  readonly onDays: (records: number) => void;
}

/**
 * Exports the days of a source, in order. A day, in UTC by the broker's timestamps, whose file was made from the same
 * objects in the same way is left as it is. Whatever happens, the next export goes on with the days that are not done.
 */
export async function* exportSource(
  source: string,
  range: DayRange,
  deps: SourceExportDeps,
): AsyncGenerator<DayOutcome> {
  const { archive, target, scan } = deps;
  const { objects, names } = await findObjects(archive, source, range);
  const daysOf = await daysOfObjects(source, objects, names, { target, archive, ...scan });
  const dates = new Set(objects.flatMap(({ name }) => Object.keys(daysOf.get(name)!)));

  const due: SourceDay[] = [];
  const done = new Map<string, DayOutcome>();
  let records = 0;
  const inRange = [...dates].filter((date) => date >= range.from && date <= range.to).sort();
  for (const date of inRange) {
    const day = {
      source,
      date,
      objects: objects.filter(({ name }) => daysOf.get(name)![date] !== undefined),
    };
    const outcome = await unchanged(day, deps);
    if (outcome !== null) done.set(date, outcome);
    else {
      due.push(day);
      records += day.objects.reduce((sum, { name }) => sum + daysOf.get(name)![date]!, 0);
    }
  }
  deps.onDays(records);
  for (const date of inRange) {
    const day = due.find((one) => one.date === date);
    yield day === undefined ? done.get(date)! : await writeDay(day, deps);
  }
}
