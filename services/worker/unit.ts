import type { Clock } from '../shared/clock.ts';
import { LecternError, messageOf } from '../shared/errors.ts';
import type { History } from '../shared/history/port.ts';
import type { Batch, EventLog, GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Checkpoint, StateStore, Unit } from '../shared/state/port.ts';
import type { Claimed, ClaimOutcome } from './claim.ts';
import type { ClaimedUnit } from './claimed-unit.ts';
import { createHintSender } from './hints.ts';
import { createReading } from './reading.ts';
import { createTasks } from './tasks.ts';

/** What a claimed unit tells; after `lost` nothing. */
export interface UnitEvents {
  readonly done: (checkpoint: Checkpoint) => void;
  readonly lost: (because: string) => void;
}

export interface UnitDeps {
  readonly unit: Unit;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly history: Pick<History, 'archived'>;
  readonly state: Pick<StateStore, 'announce'>;
  readonly consumer: GroupConsumer;
  readonly logger: Logger;
  readonly clock: Clock;
  /** `waits` is told what the claim waits for, as long as it does. */
  readonly claim: (wanted: () => boolean, waits: (what: string) => void) => Promise<ClaimOutcome | null>;
  /** Called for each claim. */
  readonly createClaimed: (claimed: Claimed, events: UnitEvents) => ClaimedUnit;
  /** The unit reduced, or was caught up, for the first time since another member had it. */
  readonly tookOver: (afterMs: number) => void;
  readonly dropped: () => void;
}

/** A unit as the group gives and takes it. */
export interface UnitRunner {
  readonly at: TopicPartition;
  /** Why the unit does not reduce, for people; null when it does. */
  readonly trouble: string | null;
  /** The group gave the unit to this member, or left it with it. */
  assigned(): void;
  /** The assignment is over; the unit may come back with the next. */
  suspend(): void;
  batch(batch: Batch): Promise<void>;
  caughtUp(endOffset: number): void;
  /** The log no longer holds what is to be read next. */
  outOfRange(): void;
  tick(): void;
  /** Stores what is reduced and stands still for as long as there is a reason. */
  setPaused(reason: string | null): void;
  /** A person dropped a dead letter of the unit. */
  dropLetter(reducer: string, offset: number): void;
  /** Stores what is reduced and takes nothing more. */
  drain(): Promise<void>;
  /** Another member has the unit now. */
  drop(): void;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

const needsAPerson = (error: unknown): boolean =>
  error instanceof LecternError && ['UNIT_STOPPED', 'ARCHIVE_BROKEN'].includes(error.code);

const jitter = (ms: number): number => ms * (0.5 + Math.random());

/** Claims a unit, and again whenever the claim is lost while the group still counts on this member. */
export function createUnitRunner(deps: UnitDeps): UnitRunner {
  const { unit, consumer, clock } = deps;
  const at: TopicPartition = { topic: unit.topic, partition: unit.partition };
  const logger = deps.logger.child({ module: unit.module, ...at });
  const hints = createHintSender({ ...deps, at, logger });
  const reading = createReading({ ...deps, at, logger });
  let claimed: ClaimedUnit | null = null;
  let trouble: string | null = 'not claimed yet';
  let stopped = false;
  let paused: string | null = null;
  /** Counts assignments: whatever waited across one of them must not act. */
  let assignment = 0;
  let active = false;
  /** The offset that the store is known to hold. */
  let stored = 0;
  let draining = false;
  let takingOverSince: number | null = null;

  const current = (mine: number): boolean => active && !stopped && paused === null && mine === assignment;

  const forget = (): void => {
    claimed?.close();
    claimed = null;
  };

  const stop = (reason: string): void => {
    stopped = true;
    forget();
    trouble = `stopped: ${reason}`;
    consumer.pause(at);
    logger.error({ reason }, 'the unit stopped; others go on');
  };

  /** What a task throws costs the claim, never the process. */
  const tasks = createTasks((error) => {
    if (needsAPerson(error)) stop(messageOf(error));
    else lose(messageOf(error));
  });

  const lose = (because: string): void => {
    if (claimed === null || stopped) return;
    forget();
    trouble = `claim lost: ${because}`;
    logger.warn({ because }, 'the claim is lost');
    consumer.pause(at);
    void reclaim(assignment);
  };

  /** A member that the group has forgotten must not take the unit from its new owner, so the group is asked first. */
  const reclaim = async (mine: number): Promise<void> => {
    for (let wait = FIRST_WAIT_MS; current(mine); wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      await clock.sleep(jitter(wait));
      if (current(mine) && (await consumer.mirror(at, stored).catch(() => false))) return claim(mine);
    }
  };

  const begin = (outcome: Claimed, mine: number): void => {
    const created: ClaimedUnit = deps.createClaimed(outcome, {
      done(checkpoint) {
        if (claimed !== created) return;
        stored = checkpoint.next;
        hints.send(checkpoint);
      },
      lost: (because) => claimed === created && lose(because),
    });
    stored = created.position;
    claimed = created;
    trouble = null;
    void read(created, outcome.readFrom, mine);
  };

  const claim = async (mine: number): Promise<void> => {
    const wanted = (): boolean => current(mine) && claimed === null;
    for (let wait = FIRST_WAIT_MS; wanted(); wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        const outcome = await deps.claim(wanted, (what) => {
          if (wanted()) trouble = what;
        });
        if (outcome === null || !wanted()) return;
        return outcome.kind === 'stopped' ? stop(outcome.reason) : begin(outcome, mine);
      } catch (error) {
        trouble = `cannot be claimed: ${messageOf(error)}`;
        logger.warn({ error: messageOf(error) }, 'the unit cannot be claimed yet');
        await clock.sleep(jitter(wait));
      }
    }
  };

  const read = (target: ClaimedUnit, from: number, mine: number): Promise<void> => {
    const wanted = (): boolean => current(mine) && claimed === target && !draining;
    const take = (batch: Batch): Promise<void> =>
      tasks.add(() => (wanted() ? fold(target, batch) : undefined));
    return reading.begin({ target, from, wanted, take, stop, lose });
  };

  const fold = async (target: ClaimedUnit, batch: Batch): Promise<void> => {
    if (await reading.hasHole(target.expects, batch)) return lose('records expired before they were reduced');
    const problem = await target.take(batch);
    if (problem !== null) stop(problem);
    else settled(target);
  };

  const settled = (target: ClaimedUnit): void => {
    if (takingOverSince === null || claimed !== target || target.readingBack) return;
    deps.tookOver(clock.now() - takingOverSince);
    takingOverSince = null;
  };

  /** Kept through a rebalance: its token, cache and position still hold, once the batch in hand is through. */
  const goOn = (mine: number): void => {
    if (!current(mine)) return;
    if (claimed !== null) void read(claimed, claimed.resumeFrom(), mine);
    else {
      takingOverSince = clock.now();
      void claim(mine);
    }
  };

  return {
    at,
    get trouble() {
      return paused ?? trouble;
    },
    assigned() {
      assignment += 1;
      active = true;
      const mine = assignment;
      void tasks.add(() => goOn(mine));
    },
    suspend() {
      active = false;
    },
    batch(batch) {
      // Of this very claim: under a later one, the batch would be from elsewhere.
      const target = claimed;
      return tasks.add(() => {
        if (target === null || claimed !== target || !active || draining) return undefined;
        return fold(target, batch);
      });
    },
    caughtUp(endOffset) {
      if (claimed === null || tasks.busy || endOffset !== claimed.position) return;
      claimed.caughtUp();
      settled(claimed);
    },
    outOfRange: () => lose('the log does not hold the offset to read next'),
    tick() {
      if (claimed !== null && !tasks.busy && active) void tasks.add(() => claimed?.tick());
    },
    setPaused(reason) {
      const mine = assignment;
      const before = paused;
      paused = reason;
      void tasks.add(async () => {
        if (paused !== null) {
          consumer.pause(at);
          await claimed?.flush();
          forget();
        } else if (before !== null && claimed === null) goOn(mine);
      });
    },
    dropLetter: (reducer, offset) => void tasks.add(() => claimed?.drop(reducer, offset)),
    drain() {
      draining = true;
      return tasks.add(() => claimed?.flush());
    },
    drop() {
      active = false;
      assignment += 1;
      forget();
      trouble = 'not assigned';
      deps.dropped();
    },
  };
}
