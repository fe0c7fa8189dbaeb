import type { Clock } from '../shared/clock.ts';
import { messageOf, needsAPerson } from '../shared/errors.ts';
import type { GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { ClaimOutcome } from './claim.ts';
import { createGrowingWait } from './growing-wait.ts';
import type { UnitStatus } from './unit-status.ts';

export interface ClaimingDeps {
  readonly at: TopicPartition;
  readonly consumer: Pick<GroupConsumer, 'mirror'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  readonly status: UnitStatus;
  /** `waits` is told what the claim waits for, as long as it does; `queues`, what its turn depends on. */
  readonly claim: (
    wanted: () => boolean,
    waits: (what: string) => void,
    queues: (what: string | null) => void,
  ) => Promise<ClaimOutcome | null>;
}

/**
 * Claims a unit until that succeeds; null as soon as `wanted` says no. Never rejects. What a person has to mend is tried
 * again too: it may be mended while the process runs.
 */
export interface Claiming {
  first(wanted: () => boolean): Promise<ClaimOutcome | null>;
  /**
   * After a claim that was lost, waiting longer from one to the next. A member that the group has forgotten must not take
   * the unit from its new owner, so the group is asked first.
   */
  again(wanted: () => boolean, stored: number): Promise<ClaimOutcome | null>;
  /** A claim led to something that is stored. */
  succeeded(): void;
}

const WAIT_MS = { shortest: 200, longest: 5_000 };

export function createClaiming(deps: ClaimingDeps): Claiming {
  const { consumer, status, logger } = deps;
  const wait = createGrowingWait(deps.clock, WAIT_MS);

  const first: Claiming['first'] = async (wanted) => {
    while (wanted()) {
      try {
        const ifWanted = <T>(tell: (what: T) => void): ((what: T) => void) => {
          return (what) => (wanted() ? tell(what) : undefined);
        };
        return await deps.claim(wanted, ifWanted(status.waits), ifWanted(status.queues));
      } catch (error) {
        if (!wanted()) return null;
        if (needsAPerson(error)) status.stop(messageOf(error));
        else status.lose(`cannot be claimed: ${messageOf(error)}`);
        logger.warn({ error: messageOf(error) }, 'the unit cannot be claimed yet');
        await wait.next();
      }
    }
    return null;
  };

  return {
    first,
    async again(wanted, stored) {
      while (wanted()) {
        await wait.next();
        if (wanted() && (await consumer.mirror(deps.at, stored).catch(() => false))) return first(wanted);
        if (wanted()) status.gotOn();
      }
      return null;
    },
    succeeded() {
      wait.reset();
      status.stored();
    },
  };
}
