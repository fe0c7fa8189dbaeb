import { messageOf, needsAPerson } from '../shared/errors.ts';
import type { Batch, TopicPartition } from '../shared/log/port.ts';
import { sleepUntil } from '../shared/sleep-until.ts';
import type { Claimed } from './claim.ts';
import type { ClaimedUnit } from './claimed-unit.ts';
import { createClaiming } from './claiming.ts';
import { createHintSender } from './hints.ts';
import { createReading } from './reading.ts';
import { createTasks } from './tasks.ts';
import type { UnitDeps, UnitRunner, UnitState } from './unit-runner.ts';
import { createUnitStatus } from './unit-status.ts';

/** What is not stored by then is let go. No group waits for it: whoever has the unit next folds again what it lacks. */
const SUSPEND_MS = 2_000;
const DRAIN_MS = 5_000;

/** Claims a unit, and again whenever the claim is lost while the group still counts on this member. */
export function createUnitRunner(deps: UnitDeps): UnitRunner {
  const { unit, consumer, clock } = deps;
  const at: TopicPartition = { topic: unit.topic, partition: unit.partition };
  const logger = deps.logger.child({ module: unit.module, ...at });
  const hints = createHintSender({ ...deps, at, logger });
  const reading = createReading({ ...deps, at });
  let claimed: ClaimedUnit | null = null;
  let stopped = false;
  let paused: string | null = null;
  /** Counts assignments: whatever waited across one of them must not act. */
  let assignment = 0;
  let active = false;
  /** The offset that the store is known to hold. */
  let stored: number | null = null;
  let draining = false;
  /** While a unit that another process had is not reduced here yet. */
  let takingOverSince: number | null = null;
  /** Below it, states are being rebuilt. */
  let target = 0;
  const status = createUnitStatus();
  const claiming = createClaiming({ ...deps, at, logger, status });

  const current = (mine: number): boolean => active && !stopped && paused === null && mine === assignment;

  const forget = (): void => {
    claimed?.close();
    claimed = null;
  };

  const stop = (reason: string): void => {
    stopped = true;
    forget();
    status.set(`stopped: ${reason}`);
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
    status.lose(`claim lost: ${because}`);
    logger.warn({ because }, 'the claim is lost');
    consumer.pause(at);
    void claim(assignment, 'again');
  };

  /** Whatever hangs may go on later: its claim is over, and nobody hears of it. */
  const abandon = (because: string): void => {
    forget();
    tasks.abandon();
    status.set(because);
    logger.warn({ because }, 'what the unit was at is left behind');
  };

  /** Stores what is folded, or lets go of it when that takes too long and `still` says so. */
  const letGo = async (ms: number, still: () => boolean): Promise<void> => {
    let isStored = false;
    const storing = tasks
      .add(() => claimed?.flush())
      .then(() => {
        isStored = true;
      });
    await sleepUntil(clock, ms, storing);
    if (!isStored && still()) abandon(`what was reduced could not be stored within ${ms} ms`);
  };

  const begin = (outcome: Claimed, mine: number): void => {
    const created: ClaimedUnit = deps.createClaimed(outcome, {
      done(checkpoint) {
        if (claimed !== created) return;
        status.gotOn();
        if (checkpoint.next !== stored || checkpoint.caughtUpAt !== null) claiming.succeeded();
        stored = checkpoint.next;
        hints.send(checkpoint);
      },
      lost: (because, forGood) => claimed === created && (forGood ? stop : lose)(because),
      between: (task) => void tasks.add(() => (claimed === created ? task() : undefined)),
      gotOn: status.gotOn,
      waits: (what) => claimed === created && status.waits(what),
    });
    // What nobody had before, or lost, is not taken over.
    if (outcome.claim.next === null) takingOverSince = null;
    target = outcome.claim.target ?? 0;
    stored = created.position;
    claimed = created;
    status.set(null);
    void read(created, outcome.readFrom, mine);
  };

  const claim = async (mine: number, which: 'first' | 'again'): Promise<void> => {
    const wanted = (): boolean => current(mine) && claimed === null;
    const outcome = await claiming[which](wanted, stored ?? 0);
    if (outcome === null || !wanted()) return;
    if (outcome.kind === 'stopped') stop(outcome.reason);
    else begin(outcome, mine);
  };

  const read = (of: ClaimedUnit, from: number, mine: number): Promise<void> => {
    const wanted = (): boolean => current(mine) && claimed === of && !draining;
    const take = (batch: Batch): Promise<void> => tasks.add(() => (wanted() ? fold(of, batch) : undefined));
    const waits = (what: string | null): void => (wanted() ? status.queues(what) : undefined);
    return reading.begin({ target: of, from, wanted, take, stop, lose, waits });
  };

  const fold = async (of: ClaimedUnit, batch: Batch): Promise<void> => {
    const hasHole = await reading.hasHole(of.expects, batch);
    if (claimed !== of) return;
    if (hasHole) return lose('records expired before they were reduced');
    const problem = await of.take(batch);
    if (claimed !== of) return;
    status.gotOn();
    if (problem !== null) stop(problem);
    else settled(of);
  };

  const settled = (of: ClaimedUnit): void => {
    if (takingOverSince === null || claimed !== of || of.readingBack) return;
    deps.tookOver(clock.now() - takingOverSince);
    takingOverSince = null;
  };

  /** Kept through a rebalance: its token, cache and position still hold, once the batch in hand is through. */
  const goOn = (mine: number): void => {
    if (!current(mine)) return;
    status.gotOn();
    if (claimed !== null) void read(claimed, claimed.resumeFrom(), mine);
    else void claim(mine, 'first');
  };

  const state = (): UnitState => {
    if (stopped) return 'stopped';
    if (paused !== null) return 'paused';
    if (!active) return 'suspended';
    if (claimed === null) return status.isStopped ? 'stopped' : 'claiming';
    if (claimed.readingBack) return 'reading_back';
    return claimed.position < target ? 'rebuilding' : 'reducing';
  };

  return {
    at,
    get trouble() {
      return paused ?? status.trouble;
    },
    get state() {
      return state();
    },
    get position() {
      return claimed?.position ?? stored;
    },
    status,
    get isBusy() {
      return claimed === null || claimed.readingBack || tasks.busy;
    },
    assigned() {
      if (assignment === 0) takingOverSince = clock.now();
      assignment += 1;
      active = true;
      const mine = assignment;
      void tasks.add(() => goOn(mine));
    },
    suspend() {
      if (!active) return;
      active = false;
      void letGo(SUSPEND_MS, () => !active);
    },
    batch(batch) {
      // Of this very claim: under a later one, the batch would be from elsewhere.
      const of = claimed;
      return tasks.add(() => {
        if (of === null || claimed !== of || !active || draining) return undefined;
        return fold(of, batch);
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
      if (reason !== null) takingOverSince = null;
      void tasks.add(async () => {
        if (paused !== null) {
          consumer.pause(at);
          await claimed?.flush();
          forget();
        } else if (before !== null && claimed === null) goOn(mine);
      });
    },
    dropLetter: (reducer, offset) => void tasks.add(() => claimed?.drop(reducer, offset)),
    reclaim: lose,
    restart(because) {
      if (stopped || !active) return;
      abandon(because);
      consumer.pause(at);
      assignment += 1;
      const mine = assignment;
      if (paused === null) void claim(mine, stored === null ? 'first' : 'again');
    },
    drain() {
      draining = true;
      claimed?.halt();
      return letGo(DRAIN_MS, () => true);
    },
    drop() {
      active = false;
      assignment += 1;
      forget();
      tasks.abandon();
      status.set('not assigned');
      deps.dropped();
    },
  };
}
