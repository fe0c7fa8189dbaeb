import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../shared/errors.ts';
import type { Batch, EventLog, GroupConsumer, TopicPartition } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { Checkpoint, Claim, StateStore, Unit, UnitFacts } from '../shared/state/port.ts';
import type { ClaimedUnit } from './claimed-unit.ts';

export interface UnitDeps {
  readonly unit: Unit;
  readonly facts: UnitFacts;
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'claim' | 'announce'>;
  readonly consumer: GroupConsumer;
  readonly logger: Logger;
  /** Called for each claim; `lost` must end with `done` never being called again. */
  readonly createClaimed: (claim: {
    readonly token: string;
    readonly next: number | null;
    readonly done: (checkpoint: Checkpoint) => void;
    readonly lost: (because: string) => void;
  }) => ClaimedUnit;
  readonly now: () => number;
}

/** A unit as the group gives and takes it. */
export interface UnitRunner {
  /** Why the unit does not reduce, for people; null when it does. */
  readonly trouble: string | null;
  /** The group gave the unit to this member, or left it with it. */
  assigned(): void;
  /** The assignment is over; the unit may come back with the next. */
  suspend(): void;
  batch(batch: Batch): Promise<void>;
  caughtUp(endOffset: number): void;
  tick(): void;
  /** Stores what is reduced and takes nothing more. */
  drain(): Promise<void>;
  /** Another member has the unit now. */
  drop(): void;
}

const MIRROR_MS = 1_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

const jitter = (ms: number): number => ms * (0.5 + Math.random());

/** What forbids to go on from a claim, with the remedy; null when nothing does. Never repaired silently (I5). */
function claimProblem(claim: Claim, facts: UnitFacts, range: { start: number; end: number }): string | null {
  const next = claim.next ?? 0;
  if (claim.facts.formatVersion !== facts.formatVersion)
    return `its checkpoint has format ${claim.facts.formatVersion}, this program writes ${facts.formatVersion}: run the version that wrote it, or raise the module's VERSION`;
  if (claim.facts.partitions !== facts.partitions)
    return `its checkpoint was made with ${claim.facts.partitions} partitions, the topic has ${facts.partitions}: more partitions need a new namespace`;
  if (claim.facts.reducersHash !== facts.reducersHash)
    return 'reducer names, scopes, contexts or null states changed under the same VERSION: raise VERSION, or undo the change';
  if (next > range.end)
    return `its stored offset ${next} lies beyond the log's end ${range.end}: the topic was made again or lost records; use a new namespace, or restore the topic`;
  if (next < range.start)
    return `offsets ${next} to ${range.start} are no longer in the log: raise the topic's retention; what is gone cannot be reduced`;
  return null;
}

/** Claims a unit, and again whenever the claim is lost while the group still counts on this member. */
export function createUnitRunner(deps: UnitDeps): UnitRunner {
  const { unit, consumer } = deps;
  const at: TopicPartition = { topic: unit.topic, partition: unit.partition };
  const logger = deps.logger.child({ module: unit.module, ...at });
  let claimed: ClaimedUnit | null = null;
  let trouble: string | null = 'not claimed yet';
  let stopped = false;
  /** Counts assignments: whatever waited across one of them must not act. */
  let assignment = 0;
  let active = false;
  let busy = false;
  let tail = Promise.resolve();
  /** The offset that the store is known to hold. */
  let stored = 0;
  let mirrored = { next: -1, at: 0 };
  let draining = false;

  const stop = (reason: string): void => {
    stopped = true;
    claimed = null;
    trouble = `stopped: ${reason}`;
    consumer.pause(at);
    logger.error({ reason }, 'the unit stopped; others go on');
  };

  /** One task of the unit after another. What a task throws costs the claim, never the process. */
  const enqueue = (task: () => Promise<void> | void): Promise<void> => {
    tail = tail.then(async () => {
      busy = true;
      try {
        await task();
      } catch (error) {
        lose(messageOf(error));
      } finally {
        busy = false;
      }
    });
    return tail;
  };

  const done = (checkpoint: Checkpoint): void => {
    stored = checkpoint.next;
    if (checkpoint.states.size > 0) void deps.state.announce({ unit, fields: [...checkpoint.states.keys()] });
    if (checkpoint.next === mirrored.next || deps.now() - mirrored.at < MIRROR_MS) return;
    mirrored = { next: checkpoint.next, at: deps.now() };
    consumer.mirror(at, checkpoint.next).catch((error: unknown) => {
      logger.debug({ error: messageOf(error) }, 'the offset was not mirrored');
    });
  };

  const lose = (because: string): void => {
    if (claimed === null || stopped) return;
    claimed = null;
    trouble = `claim lost: ${because}`;
    logger.warn({ because }, 'the claim is lost');
    consumer.pause(at);
    void reclaim(assignment);
  };

  const current = (mine: number): boolean => active && !stopped && mine === assignment;

  /** A member that the group has forgotten must not take the unit from its new owner, so the group is asked first. */
  const reclaim = async (mine: number): Promise<void> => {
    for (let wait = FIRST_WAIT_MS; current(mine); wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      await sleep(jitter(wait));
      if (current(mine) && (await consumer.mirror(at, stored).catch(() => false))) return claim(mine);
    }
  };

  const tryClaim = async (mine: number): Promise<void> => {
    const token = randomUUID();
    const range = (await deps.log.offsets(unit.topic)).find(({ partition }) => partition === unit.partition);
    if (!current(mine)) return;
    const answer = await deps.state.claim(unit, token, deps.facts);
    if (!current(mine)) return;
    const problem = claimProblem(answer, deps.facts, range ?? { start: 0, end: 0 });
    if (problem !== null) return stop(problem);
    const mineIs = (candidate: ClaimedUnit): boolean => claimed === candidate;
    const created: ClaimedUnit = deps.createClaimed({
      token,
      next: answer.next,
      done: (checkpoint) => mineIs(created) && done(checkpoint),
      lost: (because) => mineIs(created) && lose(because),
    });
    stored = created.position;
    claimed = created;
    trouble = null;
    consumer.start(at, created.position);
  };

  const claim = async (mine: number): Promise<void> => {
    for (
      let wait = FIRST_WAIT_MS;
      current(mine) && claimed === null;
      wait = Math.min(2 * wait, LONGEST_WAIT_MS)
    ) {
      try {
        return await tryClaim(mine);
      } catch (error) {
        claimed = null;
        trouble = `cannot be claimed: ${messageOf(error)}`;
        logger.warn({ error: messageOf(error) }, 'the unit cannot be claimed yet');
        await sleep(jitter(wait));
      }
    }
  };

  /** A batch that begins past the position is a hole: harmless when the log uses offsets itself, else records are gone. */
  const holeProblem = async (batch: Batch, position: number): Promise<string | null> => {
    const first = batch.records[0]!.offset;
    if (first <= position) return null;
    const start = (await deps.log.offsets(unit.topic)).find(
      ({ partition }) => partition === unit.partition,
    )?.start;
    return (start ?? 0) > position
      ? `offsets ${position} to ${first} were removed from the log before they were reduced`
      : null;
  };

  return {
    get trouble() {
      return trouble;
    },
    assigned() {
      assignment += 1;
      active = true;
      const mine = assignment;
      if (stopped) return;
      // Kept through a rebalance: its token, cache and position still hold, once the batch in hand is through.
      void enqueue(() => {
        if (!current(mine)) return;
        if (claimed !== null) consumer.start(at, claimed.position);
        else void claim(mine);
      });
    },
    suspend() {
      active = false;
    },
    batch(batch) {
      // Of this very claim: under a later one, the batch would be from elsewhere.
      const target = claimed;
      return enqueue(async () => {
        if (target === null || claimed !== target || !active || draining) return;
        const hole = await holeProblem(batch, target.position);
        if (hole !== null) stop(hole);
        else if (claimed === target) await target.reduce(batch);
      });
    },
    caughtUp(endOffset) {
      if (claimed !== null && !busy && endOffset === claimed.position) claimed.caughtUp();
    },
    tick() {
      if (claimed !== null && !busy && active) void enqueue(() => claimed?.tick());
    },
    drain() {
      draining = true;
      return enqueue(() => claimed?.flush());
    },
    drop() {
      active = false;
      assignment += 1;
      claimed = null;
      trouble = 'not assigned';
    },
  };
}
