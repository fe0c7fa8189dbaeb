import type { Clock } from '../shared/clock.ts';
import type { Control } from '../shared/control/port.ts';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import { sleepUntil } from '../shared/sleep-until.ts';
import { eventsTopic } from '../shared/topics.ts';
import type { Archiver } from './archiver.ts';

export interface FollowClaimsDeps {
  readonly control: Pick<Control, 'claims' | 'watch'>;
  readonly archiver: Pick<Archiver, 'also'>;
  readonly namespace: string;
  readonly clock: Pick<Clock, 'every'>;
  readonly logger: Logger;
}

const AGAIN_MS = 1_000;

/**
 * Has the topics archived that sources got at run time, of which the configuration of this process may not know: until
 * the returned function is called.
 */
export function followClaims({ control, archiver, namespace, clock, logger }: FollowClaimsDeps): () => void {
  const known = new Set<string>();
  let stopped = false;
  let end = (): void => undefined;
  const stopping = new Promise<void>((resolve) => {
    end = resolve;
  });

  const archive = async (source: string): Promise<void> => {
    while (!stopped) {
      try {
        return await archiver.also(eventsTopic(namespace, source));
      } catch (error) {
        const what = 'the topic of a source that was claimed cannot be archived yet; trying again';
        logger.warn({ source, error: messageOf(error) }, what);
        await sleepUntil(clock, AGAIN_MS, stopping);
      }
    }
  };
  const take = (source: string): void => {
    if (known.has(source)) return;
    known.add(source);
    void archive(source);
  };

  const unwatch = control.watch((record) => {
    if (record.kind === 'source-claim') take(record.source);
  });
  for (const source of control.claims.keys()) take(source);
  return () => {
    stopped = true;
    unwatch();
    end();
  };
}
