import type { Control } from '../control/port.ts';
import type { History } from '../history/port.ts';
import type { LogRecord } from '../log/port.ts';
import { createRecordEraser } from './erased-record.ts';

/**
 * A history in which what is erased is not to be read, wherever it still lies: for whoever reads events for people. It
 * waits until everything is known that was decided before it was asked. The worker reads the plain one, and applies the
 * same rule itself to that and to what it follows in the log.
 */
export function createErasingHistory(
  history: History,
  control: Pick<Control, 'caughtUp' | 'erasures'>,
): History {
  const { erase } = createRecordEraser(control.erasures);

  async function* erased(pages: AsyncIterable<readonly LogRecord[]>): AsyncGenerator<readonly LogRecord[]> {
    await control.caughtUp();
    for await (const page of pages) yield control.erasures.count === 0 ? page : page.map(erase);
  }

  return {
    start: history.start,
    conflict: history.conflict,
    archived: (at, from, waiter) => erased(history.archived(at, from, waiter)),
    read: (range, filter) => erased(history.read(range, filter)),
  };
}
