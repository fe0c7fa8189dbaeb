import { LecternError } from '../errors.ts';
import type { EventLog } from '../log/port.ts';
import type { History } from './port.ts';

/**
 * The history of a process that has no archive: what the log still holds. Where the log has lost the beginning of a topic
 * it says so with UNIT_STOPPED, and what to set.
 */
export function createLogAloneHistory(
  log: Pick<EventLog, 'offsets' | 'read'>,
): Pick<History, 'start' | 'archived' | 'read'> {
  return {
    async start({ topic, partition }) {
      const start = (await log.offsets(topic)).find((one) => one.partition === partition)?.start ?? 0;
      if (start === 0) return start;
      throw new LecternError(
        'UNIT_STOPPED',
        `the log does not hold offsets 0 to ${start - 1} of ${topic} any more, and no archive is configured: set ` +
          'LECTERN_S3_ENDPOINT and the other variables of the archive, as for the worker, and start again',
      );
    },
    async *archived() {},
    read: (range) => log.read(range),
  };
}
