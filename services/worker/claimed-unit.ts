import type { Clock } from '../shared/clock.ts';
import type { Batch } from '../shared/log/port.ts';
import type { Anchor } from '../shared/state/port.ts';
import type { Careful } from './careful.ts';
import type { Cut } from './cut.ts';
import type { Intake, Item } from './intake.ts';
import type { Letters } from './letters.ts';
import { createLoadEntries, type Entries } from './load-entries.ts';
import { longestWait } from './longest-wait.ts';
import type { Mutex } from './mutex.ts';
import { createPace } from './pace.ts';
import type { Pipeline } from './pipeline.ts';
import type { ReadSize } from './read-size.ts';
import type { Reduce } from './reduce.ts';
import type { SessionSweep } from './session-sweep.ts';
import type { Sessions } from './sessions.ts';
import type { BatchDecoder } from './shared-decoder.ts';
import type { StateCache } from './state-cache.ts';

export interface ClaimedUnitDeps {
  /** The offset that is stored; null when nothing was ever checkpointed. */
  readonly stored: number | null;
  /** The offset of the next record to fold. */
  readonly position: number;
  readonly intake: Intake;
  readonly reduce: Reduce;
  readonly cache: StateCache;
  readonly sessions: Sessions;
  readonly sweep: SessionSweep;
  readonly letters: Letters;
  readonly careful: Careful;
  /** Has a task done when no other unit of the process is at one. */
  readonly alone: Mutex;
  readonly cut: Cut;
  readonly pipeline: Pipeline;
  /** The texts of fields of the unit, in one round trip. */
  readonly readMany: (fields: readonly string[]) => Promise<readonly (string | null)[]>;
  readonly readSize: ReadSize;
  readonly checkpointMs: number;
  readonly clock: Clock;
  readonly duplicate: () => void;
  readonly folded: (count: number) => void;
  readonly decoderOf: (batch: Batch) => BatchDecoder;
  /** Whether events are published under other keys, which no refused checkpoint takes back. */
  readonly publishes: boolean;
  /** Ends what the claim still has under way. */
  readonly close: () => void;
}

/** One unit from a claim until the claim is lost: its states in memory, and how far they are. */
export interface ClaimedUnit {
  /** The offset of the next record to fold. */
  readonly position: number;
  /** The offset of the next record to read. */
  readonly expects: number;
  /** Whether records before the position are still being read. */
  readonly readingBack: boolean;
  /** Where to read from when the partition was given anew. */
  resumeFrom(): number;
  /** The same where nobody holds the record before it any more; null where more is missing. */
  resumeAfter(): number | null;
  /** Folds a batch. Null, or why the unit must stop. */
  take(batch: Batch): Promise<string | null>;
  /** A fetch ended at the log's end with nothing beyond `position`. */
  caughtUp(): void;
  /** Closes a dead letter that a person dropped. */
  drop(reducer: string, offset: number): void;
  /** Cuts a checkpoint if one is due: changes older than the interval, or an idle second since the last. */
  tick(): Promise<void>;
  /** Cuts what is left and waits until it is stored or lost. */
  flush(): Promise<void>;
  /** Folds no further event of the batch in hand, and is to be given no other: only `flush` and `close` may follow. */
  halt(): void;
  /** The claim is over: nothing more is folded or published for it. */
  close(): void;
}

/** What is stored of a record to know it again: nothing that it says. */
const anchorOf = ({ offset, timestamp, id }: Item): Anchor => ({ offset, timestamp, id });

const IDLE_RENEWAL_MS = 1_000;

/**
 * Calls must not overlap, except `caughtUp`. Between the awaits of `take` the position always names the record after
 * the last one that is in the states, so a cut at any of them is exact.
 */
export function createClaimedUnit(deps: ClaimedUnitDeps): ClaimedUnit {
  const { intake, reduce, cache, sessions, careful, pipeline, clock } = deps;
  const load = createLoadEntries(deps);
  let { position, stored } = deps;
  /** The last item that was folded. */
  let last: Item | null = null;
  let caughtUpAt: number | null = null;
  /** Whether the log had more than the last batch when that was read. */
  let isBehind = false;
  let cutAt = clock.now();
  /** Whether what was read of letters and sessions, by which it is decided what to publish, came from this claim's store. */
  let confirmed = !deps.publishes;
  let halted = false;

  const cut = async (): Promise<void> => {
    const next = position;
    await deps.cut.make({ next, anchor: last && anchorOf(last), caughtUpAt });
    stored = next;
    cutAt = clock.now();
  };
  /** A store that lost the unit since the claim has no session either: everything would be new, and published again. */
  const confirm = async (): Promise<void> => {
    await cut();
    await pipeline.drained();
    confirmed = !pipeline.isLost;
  };
  const changed = (): boolean => position !== (stored ?? deps.position) || deps.cut.isWaiting;
  const isDue = (now: number): boolean => {
    if (!changed()) return false;
    const events = position - (stored ?? deps.position);
    const ageMs = now - (last?.timestamp ?? now);
    return now - cutAt >= longestWait({ checkpointMs: deps.checkpointMs, isBehind, events, ageMs });
  };

  const pace = createPace({ clock, isDue, cut });

  const foldItem = (item: Item, entries: Entries): Promise<void> | undefined => {
    const isNothing = item.event === null && item.counted === null && item.origin === null;
    if (isNothing || item.requeued !== null || sessions.accept(item)) return reduce.item(item, entries);
    deps.duplicate();
    return undefined;
  };
  const passed = (item: Item): void => {
    position = item.offset + 1;
    last = item;
  };

  const goesOn = (): boolean => !pipeline.isLost && !halted;

  /** What ends the process is found by what was stored before it. */
  const foldCarefully = (item: Item, entries: Entries): Promise<void> =>
    deps.alone(async () => {
      if (!goesOn()) return;
      await foldItem(item, entries);
      passed(item);
      await cut();
      await pipeline.drained();
      careful.passed();
    });

  const foldNext = (item: Item, entries: Entries): Promise<void> | undefined => {
    if (careful.active) return foldCarefully(item, entries);
    const pending = foldItem(item, entries);
    if (pending !== undefined) return pending.then(() => passed(item));
    passed(item);
    return undefined;
  };

  const prepare = async (items: readonly Item[], from: number): Promise<readonly Entries[]> => {
    const { entries, readSessions } = await load(items, from);
    if (readSessions) confirmed = !deps.publishes;
    if (!confirmed) await confirm();
    // The claim may be old: cut at once, its first few events would pass for progress of a process that soon ends.
    if (last === null) cutAt = clock.now();
    return entries;
  };

  const foldAll = async (items: readonly Item[], from: number, all: readonly Entries[]): Promise<void> => {
    for (let index = 0; index < all.length && goesOn(); index++) {
      const item = items[from + index]!;
      // One letter may be requeued twice: what became of the first must be known, as it is in a replay.
      if (deps.cut.isFullFor(item, all[index]!) || item.requeued !== null) await cut();
      const pending = foldNext(item, all[index]!);
      if (pending !== undefined) await pending;
      const resting = pace.between(pending !== undefined);
      if (resting !== undefined) await resting;
    }
  };

  /** What is dropped is read back from the store, so what is on its way there stays. */
  const makeRoom = (): void => {
    if (cache.isOverBudget()) cache.evict(pipeline.inFlight);
    if (sessions.isOverBudget()) sessions.evict(pipeline.inFlight);
  };

  /** All at once, unless that needs more states from the store than memory should get at once. */
  const foldBatch = async (items: readonly Item[]): Promise<void> => {
    let from = 0;
    do {
      if (from > 0) makeRoom();
      const entries = await prepare(items, from);
      await foldAll(items, from, entries);
      from += entries.length;
    } while (from < items.length && goesOn());
  };

  return {
    get position() {
      return position;
    },
    get expects() {
      return intake.expects;
    },
    get readingBack() {
      return intake.readingBack;
    },
    resumeFrom: intake.resumeFrom,
    resumeAfter: intake.resumeAfter,
    async take(batch) {
      const decoder = deps.decoderOf(batch);
      const taken = intake.take(batch.records, decoder.decode);
      if (taken.kind === 'stopped') return taken.reason;
      const fetchedAt = batch.fetchedAt ?? clock.now();
      pace.begin(clock.now());
      caughtUpAt = null;
      isBehind = (taken.items.at(-1)?.offset ?? position) + 1 < batch.endOffset;
      await foldBatch(taken.items);
      decoder.release();
      deps.folded(taken.items.length);
      caughtUpAt = position < batch.endOffset ? null : fetchedAt;
      if (isDue(clock.now())) await cut();
      makeRoom();
      return null;
    },
    caughtUp() {
      if (!intake.readingBack) caughtUpAt = clock.now();
    },
    drop: (reducer, offset) => deps.letters.close(reducer, offset),
    async tick() {
      if (pipeline.inFlight === 0) await deps.sweep.step();
      const now = clock.now();
      const renewal = caughtUpAt !== null && now - cutAt >= IDLE_RENEWAL_MS && pipeline.inFlight === 0;
      if (isDue(now) || renewal) await cut();
    },
    async flush() {
      if (changed()) await cut();
      await pipeline.drained();
    },
    halt() {
      halted = true;
    },
    close() {
      halted = true;
      deps.close();
    },
  };
}
