import type { Counter } from 'prom-client';
import type { Clock } from '../shared/clock.ts';
import { copyId, encodeCopy } from '../shared/dead-letter-copy.ts';
import { messageOf } from '../shared/errors.ts';
import type { Producer } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import { sleepUntil } from '../shared/sleep-until.ts';
import type { DeadLetter, StateStore, Unit } from '../shared/state/port.ts';
import { unitName } from '../shared/state/unit-name.ts';
import { deadLettersTopic } from '../shared/topics.ts';

export interface DeadLetterRelayDeps {
  readonly producer: Pick<Producer, 'send'>;
  readonly state: Pick<StateStore, 'deadLetters' | 'relayed'>;
  readonly namespace: string;
  readonly clock: Pick<Clock, 'every'>;
  readonly logger: Logger;
  /** Counts the copies made. */
  readonly relayed: Pick<Counter<'module'>, 'inc'>;
  /** How many dead letters wait in memory at most; the others wait in the store. */
  readonly maxWaiting?: number;
}

/**
 * Copies dead letters that are in the store to their topic, and tells the store where the copy is. At least once: a copy
 * whose answer was lost is made again under the same id. Waits for a log or store that is away as long as it takes.
 */
export interface DeadLetterRelay {
  /**
   * Dead letters of a unit that a checkpoint stored, or null after a claim: then those in the store that have no copy.
   * Returns at once.
   */
  relay(unit: Unit, letters: readonly DeadLetter[] | null): void;
  /**
   * Resolves when nothing is under way, or a log that is away has kept it for some seconds. What waits is found in the
   * store by the next claim.
   */
  stop(): Promise<void>;
}

interface Waiting {
  readonly unit: Unit;
  readonly letter: DeadLetter;
}

const MAX_WAITING = 5_000;
/** Reasons and stacks of so many stay below what one batch of the log may hold. */
const MAX_IN_A_SEND = 100;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
const STOP_DEADLINE_MS = 5_000;

export function createDeadLetterRelay(deps: DeadLetterRelayDeps): DeadLetterRelay {
  const { state, logger } = deps;
  const topic = deadLettersTopic(deps.namespace);
  const maxWaiting = deps.maxWaiting ?? MAX_WAITING;
  let waiting: Waiting[] = [];
  /** Units whose letters are to be looked up in the store; by identity, at most as many as there are units. */
  const toLookUp = new Map<string, Unit>();
  let running: Promise<void> | null = null;
  let stopped = false;
  let endWait = (): void => undefined;
  const stopping = new Promise<void>((resolve) => {
    endWait = resolve;
  });

  const lookUpLater = (unit: Unit): void => {
    toLookUp.set(unitName(unit), unit);
  };

  const copy = async (batch: readonly Waiting[]): Promise<void> => {
    const appended = await deps.producer.send(
      batch.map(({ unit, letter }) => ({
        topic,
        key: copyId(unit, letter),
        value: encodeCopy(unit, letter),
      })),
    );
    const byUnit = new Map<Unit, Parameters<StateStore['relayed']>[1][number][]>();
    for (const [index, { unit, letter }] of batch.entries()) {
      const { partition, offset } = appended[index]!;
      // The log has it from an earlier attempt, and does not say where.
      if (offset === null) lookUpLater(unit);
      else {
        const { reducer, offset: origin } = letter;
        const copies = byUnit.get(unit) ?? [];
        byUnit.set(unit, copies);
        copies.push({ reducer, offset: origin, copy: { partition, offset } });
      }
    }
    for (const [unit, copies] of byUnit) {
      await state.relayed(unit, copies);
      deps.relayed.inc({ module: unit.module }, copies.length);
    }
  };

  /** Straight from the store to the topic, a page at a time, so that however many there are, few are in memory. */
  const lookUp = async (unit: Unit): Promise<void> => {
    for await (const page of state.deadLetters(unit)) {
      const batch = page.flatMap((letter) => (letter.copy === null ? [{ unit, letter }] : []));
      if (stopped) return;
      if (batch.length > 0) await copy(batch);
    }
  };

  const step = async (): Promise<void> => {
    if (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_IN_A_SEND);
      await copy(batch);
      waiting = waiting.slice(batch.length);
      return;
    }
    const [next] = toLookUp;
    if (next === undefined) return;
    toLookUp.delete(next[0]);
    try {
      await lookUp(next[1]);
    } catch (error) {
      lookUpLater(next[1]);
      throw error;
    }
  };

  const run = async (): Promise<void> => {
    for (let failures = 0; !stopped && waiting.length + toLookUp.size > 0; ) {
      try {
        await step();
        failures = 0;
      } catch (error) {
        if (failures === 0)
          logger.warn({ error: messageOf(error) }, 'dead letters cannot be copied to their topic yet');
        const wait = Math.min(FIRST_WAIT_MS * 2 ** Math.min(failures, 10), LONGEST_WAIT_MS);
        failures += 1;
        await sleepUntil(deps.clock, wait, stopping);
      }
    }
    running = null;
  };

  return {
    relay(unit, letters) {
      if (stopped || letters?.length === 0) return;
      if (letters === null || waiting.length + letters.length > maxWaiting) lookUpLater(unit);
      else for (const letter of letters) waiting.push({ unit, letter });
      running ??= run();
    },
    async stop() {
      stopped = true;
      endWait();
      if (running !== null) await sleepUntil(deps.clock, STOP_DEADLINE_MS, running);
    },
  };
}
