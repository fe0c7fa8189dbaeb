import type { Control } from '../control/port.ts';
import { messageOf } from '../errors.ts';
import type { EventLog } from '../log/port.ts';
import type { Logger } from '../logger.ts';
import { eventsTopic, UNCLAIMED } from '../topics.ts';
import { createWaitingCount } from './waiting-events.ts';

export interface WarnWaitingDeps {
  readonly log: Pick<EventLog, 'offsets' | 'read'>;
  readonly control: Pick<Control, 'caughtUp' | 'claims'>;
  readonly namespace: string;
  /** Those that have a topic by the configuration of this process. */
  readonly sources: readonly string[];
  readonly logger: Logger;
  /** How many records are looked at, of all partitions together; 20,000 when it is not given. */
  readonly most?: number;
}

const MOST_READ = 20_000;

/**
 * Looks, at the start of a service, whether events of its sources wait unclaimed, and warns with how many and what to do.
 * Only the newest records of the log are looked at, so a start costs the same however many there are: `lectern sources
 * list` counts them all. Never rejects: nothing depends on it.
 */
export async function warnOfWaiting(deps: WarnWaitingDeps): Promise<void> {
  const { log, control, namespace, logger, most = MOST_READ } = deps;
  const topic = eventsTopic(namespace, UNCLAIMED);
  try {
    await control.caughtUp();
    const named = new Set([...deps.sources, ...control.claims.keys()]);
    const count = createWaitingCount(control.claims, (source) => named.has(source));
    const ranges = await log.offsets(topic);
    const share = Math.ceil(most / ranges.length);
    let isAll = true;
    for (const { partition, start, end } of ranges) {
      const from = Math.max(start, end - share);
      isAll &&= from === 0;
      if (from === end) continue;
      for await (const page of log.read({ topic, partition, from, to: end }))
        for (const record of page) count.take(partition, record);
    }
    for (const [source, events] of count.found.sources)
      logger.warn(
        { source, events, more: isAll ? 'none' : 'perhaps, in older records' },
        `events of a source that has a topic wait unclaimed, and no module gets them: lectern sources claim ${source}`,
      );
  } catch (error) {
    logger.debug({ error: messageOf(error) }, 'whether events wait unclaimed cannot be told now');
  }
}
