import type { Module } from '../shared/module.ts';
import type { Attempt } from '../shared/state/port.ts';
import type { Careful } from './careful.ts';
import type { DecodedEvent } from './decode.ts';
import type { Entry } from './entry.ts';
import { fold } from './fold.ts';
import type { FoldPolicy } from './fold-policy.ts';
import type { Item } from './intake.ts';
import type { Letters } from './letters.ts';
import { type Refusal, verdictReason } from './refusal.ts';
import type { Verdicts } from './verdicts.ts';

export interface ReduceDeps {
  readonly module: Pick<Module, 'name'>;
  readonly policy: FoldPolicy;
  readonly letters: Letters;
  readonly verdicts: Verdicts;
  readonly careful: Careful;
  /** Notes an attempt in the store; rejects when the unit is not ours any more. */
  readonly mark: (attempt: Attempt) => Promise<void>;
  /** The watchdog is told what is being reduced. */
  readonly reducing: (reducerIndex: number, offset: number) => void;
  /** What a verdict of this process is to be told with, if more is known than the verdict says. */
  readonly told: (reducer: string, offset: number) => Refusal | undefined;
  readonly touched: (entry: Entry, bytes: number) => void;
}

export interface Reduce {
  /**
   * Folds one item into its entries, by reducer. Gives a promise only where a reducer did or refused: most events cost
   * no turn of the event loop.
   */
  item(item: Item, entries: readonly (Entry | null)[]): Promise<void> | undefined;
  /** Takes down what was refused, after its event, of a reducer. */
  refused(reducer: string, refusals: readonly Refusal[]): void;
  /**
   * How many items there were since the last call, which are in a checkpoint now: the places of requeued events among
   * them are forgotten.
   */
  settled(): number;
}

/** Folds what the intake lets through, and writes down what is left out. */
export function createReduce(deps: ReduceDeps): Reduce {
  const { letters, verdicts, careful } = deps;
  /** Of requeued events since the last cut: the offset that their dead letter goes by, by the place where they stand. */
  const origins = new Map<number, number>();
  let items = 0;

  const refused = (reducer: string, refusals: readonly Refusal[]): void => {
    for (const refusal of refusals) {
      const { offset, verdict } = refusal;
      letters.open(reducer, origins.get(offset) ?? offset, refusal);
      if (verdict !== undefined) verdicts.add(reducer, offset, verdict, verdictReason(refusal));
    }
  };

  /** Whether a verdict leaves the event out of a reducer here. It is still accounted for, unless a person dropped it. */
  const isLeftOut = (reducer: string, item: Item): boolean => {
    const verdict = verdicts.of(reducer, item.offset);
    if (verdict === undefined) return false;
    if (verdict.why !== 'drop') {
      const refusal = deps.told(reducer, item.offset) ?? verdict;
      letters.open(reducer, item.requeued?.offset ?? item.offset, refusal, verdict.why === 'requeue');
    }
    return true;
  };

  /** A record that no reducer could be given is refused as a whole, under the module's name. */
  const refuseItem = (item: Item, reason: string): void => {
    const origin = item.requeued?.offset ?? item.offset;
    if (!isLeftOut(deps.module.name, item)) letters.open(deps.module.name, origin, { reason });
  };

  const succeeded = (reducer: string, item: Item): void => {
    if (item.requeued !== null) letters.close(reducer, item.requeued.offset);
  };

  const foldInto = (entry: Entry, event: DecodedEvent, item: Item): Promise<void> | undefined => {
    // Closed first: a refusal opens it again.
    succeeded(entry.reducer.id, item);
    const pending = fold(entry, event, deps.policy);
    deps.touched(entry, event.bytes);
    return pending === null ? undefined : pending.then((refusals) => refused(entry.reducer.id, refusals));
  };

  const foldCarefully = async (
    index: number,
    entry: Entry,
    event: DecodedEvent,
    item: Item,
  ): Promise<void> => {
    const attempt = { reducer: entry.reducer.id, offset: item.offset };
    const reason = careful.conviction(attempt);
    if (reason !== null) {
      refused(attempt.reducer, [{ offset: item.offset, reason, verdict: 'killer' }]);
      // At once: another reducer of the event may end the process before the next cut.
      return verdicts.publish();
    }
    if (careful.toMark(attempt)) await deps.mark(attempt);
    // After the note: other units had their turns meanwhile.
    deps.reducing(index, item.offset);
    await foldInto(entry, event, item);
  };

  /** Whether a requeued event is for a reducer: for the one whose dead letter it is, as long as that is open. */
  const takes = (reducer: string, item: Item): boolean => {
    const { requeued } = item;
    if (requeued === null) return true;
    const named = requeued.reducer === deps.module.name || requeued.reducer === reducer;
    return named && letters.isOpen(requeued.reducer, requeued.offset);
  };

  const itemFrom = (
    item: Item,
    event: DecodedEvent,
    entries: readonly (Entry | null)[],
    first: number,
  ): Promise<void> | undefined => {
    for (let index = first; index < entries.length; index++) {
      const entry = entries[index]!;
      if (entry === null || !takes(entry.reducer.id, item) || isLeftOut(entry.reducer.id, item)) continue;
      let pending: Promise<void> | undefined;
      if (careful.active) pending = foldCarefully(index, entry, event, item);
      else {
        deps.reducing(index, item.offset);
        pending = foldInto(entry, event, item);
      }
      if (pending !== undefined) return pending.then(() => itemFrom(item, event, entries, index + 1));
    }
    return undefined;
  };

  return {
    item(item, entries) {
      const { requeued, event } = item;
      items += 1;
      if (requeued !== null) origins.set(item.offset, requeued.offset);
      if (item.refusal !== null) {
        if (requeued === null || takes(deps.module.name, item)) refuseItem(item, item.refusal);
        return undefined;
      }
      if (event === null || isLeftOut(deps.module.name, item)) return undefined;
      const pending = itemFrom(item, event, entries, 0);
      if (requeued === null || requeued.reducer !== deps.module.name) return pending;
      // It can be given to reducers now, and each of them answers for itself.
      return Promise.resolve(pending).then(() => letters.close(deps.module.name, requeued.offset));
    },
    refused,
    settled() {
      origins.clear();
      const settled = items;
      items = 0;
      return settled;
    },
  };
}
