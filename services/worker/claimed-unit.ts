import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../shared/clock.ts';
import type { Batch } from '../shared/log/port.ts';
import type { Anchor } from '../shared/state/port.ts';
import type { Careful } from './careful.ts';
import type { Cut } from './cut.ts';
import type { DecodedEvent } from './decode.ts';
import type { Entry } from './entry.ts';
import type { Intake, Item } from './intake.ts';
import type { Letters } from './letters.ts';
import type { Mutex } from './mutex.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reduce } from './reduce.ts';
import type { SessionSweep } from './session-sweep.ts';
import type { Sessions } from './sessions.ts';
import type { StateCache, Wanted } from './state-cache.ts';

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
  readonly checkpointMs: number;
  readonly clock: Clock;
  readonly duplicate: () => void;
  readonly folded: (count: number) => void;
  /** The batch of an event is through. */
  readonly release: (event: DecodedEvent) => void;
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
  /** What lies before the position cannot be read. */
  skipReadBack(): void;
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
  /** The claim is over: nothing more is published for it. */
  close(): void;
}

type Entries = (Entry | null)[];

/** What is stored of a record to know it again: nothing that it says. */
const anchorOf = ({ offset, timestamp, id }: Item): Anchor => ({ offset, timestamp, id });

const IDLE_RENEWAL_MS = 1_000;
/** Reducing for longer without a break would keep the process from its heartbeats. */
const TURN_MS = 50;

/**
 * Calls must not overlap, except `caughtUp`. Between the awaits of `take` the position always names the record after
 * the last one that is in the states, so a cut at any of them is exact.
 */
export function createClaimedUnit(deps: ClaimedUnitDeps): ClaimedUnit {
  const { intake, reduce, cache, sessions, careful, pipeline, clock } = deps;
  let { position, stored } = deps;
  /** The last item that was folded. */
  let last: Item | null = null;
  let caughtUpAt: number | null = null;
  let cutAt = clock.now();
  let turnAt = clock.now();
  /** Whether what was read of letters and sessions, by which it is decided what to publish, came from this claim's store. */
  let confirmed = !deps.publishes;

  /** The entries that the items need, by item and reducer; what memory lacks is read in one round trip. */
  const load = async (items: readonly Item[]): Promise<readonly Entries[]> => {
    const wanted: Wanted[] = [];
    const places: { readonly entries: Entries; readonly want: Wanted }[] = [];
    const all = items.map(({ keys }) => {
      const entries: Entries = new Array<Entry | null>(keys.length);
      for (let index = 0; index < keys.length; index++) {
        const key = keys[index]!;
        const entry = key === null ? null : cache.get(index, key);
        if (entry === undefined) {
          const want = { index, key: key! };
          wanted.push(want);
          places.push({ entries, want });
        } else entries[index] = entry;
      }
      return entries;
    });
    const fields = cache.fieldsOf(wanted);
    const more = sessions.missing(items);
    if (fields.length + more.length > 0) {
      const texts = await deps.readMany([...fields, ...more]);
      cache.fill(wanted, texts.slice(0, fields.length));
      sessions.fill(more, texts.slice(fields.length));
      if (more.length > 0) confirmed = !deps.publishes;
    }
    for (const { entries, want } of places) entries[want.index] = cache.get(want.index, want.key)!;
    return all;
  };

  const cut = async (): Promise<void> => {
    const next = position;
    await deps.cut.make({ expected: stored, next, anchor: last && anchorOf(last), caughtUpAt });
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

  const foldItem = (item: Item, entries: Entries): Promise<void> | undefined => {
    const isNothing = item.event === null && item.origin === null;
    if (isNothing || item.requeued !== null || sessions.accept(item)) return reduce.item(item, entries);
    deps.duplicate();
    return undefined;
  };
  const passed = (item: Item): void => {
    position = item.offset + 1;
    last = item;
  };

  /** What ends the process is found by what was stored before it. */
  const foldCarefully = (item: Item, entries: Entries): Promise<void> =>
    deps.alone(async () => {
      if (pipeline.isLost) return;
      await foldItem(item, entries);
      passed(item);
      await cut();
      await pipeline.drained();
      careful.passed();
    });

  /** What is due between two events. */
  const pause = async (): Promise<void> => {
    const now = clock.now();
    if (now - cutAt >= deps.checkpointMs && changed()) await cut();
    if (now - turnAt <= TURN_MS) return;
    await turn();
    turnAt = clock.now();
  };

  const foldNext = (item: Item, entries: Entries): Promise<void> | undefined => {
    if (careful.active) return foldCarefully(item, entries);
    const pending = foldItem(item, entries);
    if (pending !== undefined) return pending.then(() => passed(item));
    passed(item);
    return undefined;
  };

  const foldAll = async (items: readonly Item[], entries: readonly Entries[]): Promise<void> => {
    for (let index = 0; index < items.length && !pipeline.isLost; index++) {
      const item = items[index]!;
      // One letter may be requeued twice: what became of the first must be known, as it is in a replay.
      if (deps.cut.isFull || item.requeued !== null) await cut();
      const pending = foldNext(item, entries[index]!);
      if (pending !== undefined) await pending;
      // Not after every event: asking for the time costs as much as what is asked.
      if (pending !== undefined || (index & 15) === 15) await pause();
    }
  };

  /** What is dropped is read back from the store, so what is on its way there stays. */
  const makeRoom = (): void => {
    if (cache.isOverBudget()) cache.evict(pipeline.inFlight);
    if (sessions.isOverBudget()) sessions.evict(pipeline.inFlight);
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
    skipReadBack: intake.skipReadBack,
    async take(batch) {
      const taken = intake.take(batch.records);
      if (taken.kind === 'stopped') return taken.reason;
      const receivedAt = clock.now();
      turnAt = receivedAt;
      caughtUpAt = null;
      const entries = await load(taken.items);
      if (!confirmed) await confirm();
      await foldAll(taken.items, entries);
      for (const { event } of taken.items) if (event !== null) deps.release(event);
      deps.folded(taken.items.length);
      caughtUpAt = position < batch.endOffset ? null : receivedAt;
      if (changed() && clock.now() - cutAt >= deps.checkpointMs) await cut();
      makeRoom();
      return null;
    },
    caughtUp() {
      if (!intake.readingBack) caughtUpAt = clock.now();
    },
    drop: (reducer, offset) => deps.letters.close(reducer, offset),
    async tick() {
      if (pipeline.inFlight === 0) await deps.sweep.step();
      const age = clock.now() - cutAt;
      const renewal = caughtUpAt !== null && age >= IDLE_RENEWAL_MS && pipeline.inFlight === 0;
      if ((changed() && age >= deps.checkpointMs) || renewal) await cut();
    },
    async flush() {
      if (changed()) await cut();
      await pipeline.drained();
    },
    close: deps.close,
  };
}
