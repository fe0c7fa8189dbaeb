import { setImmediate as turn } from 'node:timers/promises';
import { accept, isPromise } from './accept.ts';
import { createBoundarySearch, type SearchStart } from './boundary-search.ts';
import type { DecodedEvent } from './decode.ts';
import { type Entry, fixExternal, reopen, settle } from './entry.ts';
import type { FoldPolicy } from './fold-policy.ts';
import { lateRefusal, type Refusal, stateRefusal, thrownRefusal } from './refusal.ts';

/** Events folded again, and half kilobytes of states read and written, before heartbeats get their turn. */
const WORK_A_TURN = 5_000;
const LENGTH_OF_ONE_WORK = 500;

export interface RefoldStart extends SearchStart {
  /** The index of an event that was late already: it is not tried again. */
  readonly late: number | null;
}

interface Stopped {
  readonly index: number;
  readonly refusal: Refusal;
}

type FoldOne = (event: DecodedEvent) => Promise<Refusal | null>;

function createFoldOne(entry: Entry, policy: FoldPolicy, late: DecodedEvent | undefined): FoldOne {
  const lateOnes = new Set([late]);
  return async (event) => {
    if (lateOnes.has(event)) return lateRefusal(event.offset);
    try {
      let result = policy.call(entry, event);
      if (isPromise(result)) {
        const outcome = await policy.budget(result);
        if (outcome.kind === 'failed') return thrownRefusal(event.offset, outcome.error);
        if (outcome.kind === 'late') {
          lateOnes.add(event);
          return lateRefusal(event.offset);
        }
        result = outcome.value;
      }
      accept(entry, result, event);
      fixExternal(entry);
      return null;
    } catch (error) {
      return thrownRefusal(event.offset, error);
    }
  };
}

async function run(
  events: readonly DecodedEvent[],
  from: number,
  to: number,
  foldOne: FoldOne,
): Promise<Stopped | null> {
  for (let index = from; index < to; index++) {
    const refusal = await foldOne(events[index]!);
    if (refusal !== null) return { index, refusal };
  }
  return null;
}

/**
 * Folds events into an entry from its settled state on, so that exactly those are left out that a replay without them
 * would also refuse: what a reducer throws counts when the state before it was settled, and a state that cannot be
 * stored costs the event that made it so. The entry is settled afterwards.
 */
export async function refold(
  entry: Entry,
  events: readonly DecodedEvent[],
  policy: FoldPolicy,
  start: RefoldStart,
): Promise<Refusal[]> {
  const search = createBoundarySearch(events.length, start);
  const foldOne = createFoldOne(entry, policy, start.late === null ? undefined : events[start.late]);
  const refused: Refusal[] = [];
  const refuse = (refusal: Refusal): void => {
    refused.push(refusal);
    search.decided();
    reopen(entry);
  };
  /** After a run to its end: a bad state costs the event that it ran, if that was a single one. */
  const look = (at: number, single: boolean): void => {
    const settling = settle(entry, policy.maxStateBytes, single);
    if (settling.kind === 'settled') search.good();
    else if (single && settling.kind === 'fault') refuse(stateRefusal(events[at]!.offset, settling.reason));
    else {
      search.bad();
      reopen(entry);
    }
  };
  const stop = (at: number, { index, refusal }: Stopped): void => {
    if (index === at) refuse(refusal);
    else {
      // It may have thrown for nothing but what an event before it had left: those are settled first.
      search.stopped(index);
      reopen(entry);
    }
  };

  let work = 0;
  reopen(entry);
  while (!search.done) {
    const { at, to, single } = search;
    work += to - at + (entry.text?.length ?? 0) / LENGTH_OF_ONE_WORK;
    if (work > WORK_A_TURN) {
      work = 0;
      await turn();
    }
    const stopped = await run(events, at, to, foldOne);
    if (stopped === null) look(at, single);
    else stop(at, stopped);
  }
  return refused;
}
