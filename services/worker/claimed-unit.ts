import type { Batch, LogRecord } from '../shared/log/port.ts';
import type { Module } from '../shared/modules.ts';
import type { DeadLetter, Unit } from '../shared/state/port.ts';
import { stateField } from '../shared/state-key.ts';
import type { DecodedRecord } from './decode.ts';
import { checkEntry, cutEntry, type Entry, fold, type Refusal } from './fold.ts';
import type { Pipeline } from './pipeline.ts';
import type { Keyer } from './scope.ts';
import type { StateCache, Wanted } from './state-cache.ts';

/** A checkpoint is closed before it would hold more. */
const MAX_FIELDS = 1_000;
const MAX_BYTES = 4 * 1_048_576;
const MAX_DEAD_LETTERS = 500;

export interface ClaimedUnitDeps {
  readonly unit: Unit;
  readonly module: Module;
  /** Of the module's reducers, in their order. */
  readonly keyers: readonly Keyer[];
  readonly decode: (record: LogRecord) => DecodedRecord;
  readonly token: string;
  /** What the claim returned. */
  readonly next: number | null;
  readonly cache: StateCache;
  readonly pipeline: Pipeline;
  readonly checkpointMs: number;
  readonly now: () => number;
  readonly refused: (reducerId: string) => void;
}

/** One unit from a claim until the claim is lost: its states in memory, and how far they are. */
export interface ClaimedUnit {
  /** The offset of the next record to fold. */
  readonly position: number;
  reduce(batch: Batch): Promise<void>;
  /** A fetch ended at the log's end with nothing beyond `position`. */
  caughtUp(): void;
  /** Cuts a checkpoint if one is due: changes older than the interval, or an idle second since the last. */
  tick(): Promise<void>;
  /** Cuts what is left and waits until it is stored or lost. */
  flush(): Promise<void>;
}

interface Decoded {
  readonly record: LogRecord;
  readonly result: DecodedRecord;
  /** By reducer; null where the event lacks a field of the scope, none for what is no event. */
  readonly keys: readonly (string | null)[];
}

const IDLE_RENEWAL_MS = 1_000;

/**
 * Calls must not overlap, except `caughtUp`. Between the awaits of `reduce` the position always names the record after
 * the last one that is in the states, so a cut at any of them is exact.
 */
export function createClaimedUnit(deps: ClaimedUnitDeps): ClaimedUnit {
  const { unit, module, cache, pipeline } = deps;
  let position = deps.next ?? 0;
  let stored = deps.next;
  let deadLetters: DeadLetter[] = [];
  let caughtUpAt: number | null = null;
  let cutAt = deps.now();

  const refuse = (reducer: string, { offset, reason, stack }: Refusal): void => {
    const { topic, partition } = unit;
    deadLetters.push({
      reducer,
      version: module.version,
      topic,
      partition,
      offset,
      reason,
      ...(stack && { stack }),
    });
    deps.refused(reducer);
  };

  const decodeAll = (records: readonly LogRecord[]): Decoded[] =>
    records.map((record) => {
      const result = deps.decode(record);
      const keys = result.kind === 'ok' ? deps.keyers.map((key) => key(result.student, result.client)) : [];
      return { record, result, keys };
    });

  /** The states that the events need and that are not in memory. */
  const missing = (decoded: readonly Decoded[]): Wanted[] => {
    const wanted: Wanted[] = [];
    for (const { keys } of decoded)
      for (const [index, key] of keys.entries()) {
        const reducer = module.reducers[index]!;
        if (key !== null && cache.get(reducer, key) === undefined) wanted.push({ reducer, key });
      }
    return wanted;
  };

  const changed = (): boolean => position !== (stored ?? 0) || deadLetters.length > 0;
  const full = (): boolean =>
    cache.dirtyFields + 2 * module.reducers.length > MAX_FIELDS ||
    cache.dirtyBytes > MAX_BYTES ||
    deadLetters.length > MAX_DEAD_LETTERS;

  const checkAll = async (dirty: readonly Entry[]): Promise<void> => {
    for (const entry of dirty) {
      const checked = checkEntry(entry);
      for (const refusal of Array.isArray(checked) ? checked : await checked)
        refuse(entry.reducer.id, refusal);
    }
  };

  const cut = async (): Promise<void> => {
    await pipeline.room();
    const dirty = cache.takeDirty();
    await checkAll(dirty);
    const states = new Map<string, string | null>();
    for (const entry of dirty) {
      const texts = cutEntry(entry);
      if (texts === null) continue;
      states.set(stateField('Internal', entry.reducer.id, entry.key), texts.internal);
      if (texts.external !== undefined)
        states.set(stateField('External', entry.reducer.id, entry.key), texts.external);
    }
    cache.settle(dirty);
    pipeline.submit({ token: deps.token, expected: stored, next: position, states, deadLetters, caughtUpAt });
    stored = position;
    deadLetters = [];
    cutAt = deps.now();
  };

  /** Gives a promise only where a reducer did, or refused: most events cost no turn of the event loop. */
  const reduceFrom = (item: Decoded, first: number): Promise<void> | undefined => {
    const { record, result, keys } = item;
    if (result.kind === 'deadLetter') {
      refuse(module.name, { offset: record.offset, reason: result.reason });
      return undefined;
    }
    for (let index = first; index < keys.length; index++) {
      const key = keys[index];
      if (key === null || key === undefined) continue;
      const entry = cache.get(module.reducers[index]!, key)!;
      const refused = fold(entry, result);
      cache.touch(entry, result.bytes);
      if (refused !== null)
        return refused.then((refusals) => {
          for (const refusal of refusals) refuse(entry.reducer.id, refusal);
          return reduceFrom(item, index + 1);
        });
    }
    return undefined;
  };

  return {
    get position() {
      return position;
    },
    async reduce(batch) {
      const records = batch.records.filter(({ offset }) => offset >= position);
      const decoded = decodeAll(records);
      await cache.load(missing(decoded));
      for (const item of decoded) {
        if (full()) await cut();
        const pending = reduceFrom(item, 0);
        if (pending !== undefined) await pending;
        position = item.record.offset + 1;
      }
      caughtUpAt = position < batch.endOffset ? null : deps.now();
      if (deps.now() - cutAt >= deps.checkpointMs) await cut();
      if (cache.isOverBudget()) {
        // What is dropped is read back from the store, so everything written must be there.
        await pipeline.drained();
        cache.evict();
      }
    },
    caughtUp() {
      caughtUpAt = deps.now();
    },
    async tick() {
      const age = deps.now() - cutAt;
      const renewal = caughtUpAt !== null && age >= IDLE_RENEWAL_MS && pipeline.inFlight === 0;
      if ((changed() && age >= deps.checkpointMs) || renewal) await cut();
    },
    async flush() {
      if (changed()) await cut();
      await pipeline.drained();
    },
  };
}
