import { messageOf } from '../shared/errors.ts';
import type { EventLog } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';

export interface RetentionDeps {
  readonly log: Pick<EventLog, 'retentionMs'>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** For how long the log keeps the records of topics. */
export interface Retention {
  /** Asks about those topics again that were not asked about for some minutes. While the log is away, what was known stays. */
  look(topics: Iterable<string>): Promise<void>;
  /** Milliseconds; null where no record goes for its age, or where that is not known. */
  of(topic: string): number | null;
}

/** It is changed by hand, and rarely. */
const ASK_AGAIN_MS = 5 * 60_000;

export function createRetention({ log, now, logger }: RetentionDeps): Retention {
  const known = new Map<string, { readonly ms: number | null; readonly askedAt: number }>();
  const isKnown = (topic: string): boolean => {
    const age = now() - (known.get(topic)?.askedAt ?? Number.NEGATIVE_INFINITY);
    return age >= 0 && age < ASK_AGAIN_MS;
  };
  return {
    async look(topics) {
      for (const topic of topics) {
        if (isKnown(topic)) continue;
        try {
          known.set(topic, { ms: await log.retentionMs(topic), askedAt: now() });
        } catch (error) {
          logger.debug({ topic, error: messageOf(error) }, 'the log does not tell how long it keeps records');
        }
      }
    },
    of: (topic) => known.get(topic)?.ms ?? null,
  };
}
