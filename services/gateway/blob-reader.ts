import type { BlobName, BlobPlaces } from '../shared/blobs.ts';
import { messageOf } from '../shared/errors.ts';
import type { EventLog } from '../shared/log/port.ts';
import type { Logger } from '../shared/logger.ts';
import type { StateStore } from '../shared/state/port.ts';
import type { BlobMetrics } from './blob-metrics.ts';
import { type BlobEnd, type BlobStanding, createBlobStanding } from './blob-standing.ts';
import type { Problem } from './frame.ts';
import type { GatewayLimits } from './limits.ts';
import { createPatience, createSlowOnes, createTurns, GONE, isDoneWithin, LATE, until } from './waiting.ts';

/** `text` is the blob's own; null when none was ever saved. */
export type BlobAnswer =
  | { readonly kind: 'blob'; readonly text: string | null }
  | { readonly kind: 'problem'; readonly problem: Problem };

export interface BlobAsked {
  /** The `safe_user_id`. */
  readonly student: string;
  readonly name: BlobName;
  /** What must be in the log before: the saves of whoever asks. */
  readonly after: Promise<unknown>;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Must resolve when the answer was sent, or never can be: soon once `hurry` is aborted, whatever the client does. */
  readonly deliver: (answer: BlobAnswer, hurry: AbortSignal) => Promise<void>;
}

/**
 * Reads blobs. What is delivered is at least as new as everything that the log had when it was asked, whichever gateway
 * took it; else it is a problem, never an older blob.
 */
export interface BlobReader {
  /** Never rejects. Resolves when the answer was delivered, or nobody waits for it. */
  answer(asked: BlobAsked): Promise<void>;
}

export interface BlobReaderDeps {
  readonly log: Pick<EventLog, 'offsets'>;
  readonly state: Pick<StateStore, 'position' | 'readMany'>;
  readonly places: BlobPlaces;
  readonly metrics: BlobMetrics;
  readonly logger: Logger;
  readonly clockMs: () => number;
  readonly limits: Pick<GatewayLimits, 'blobFetchMs' | 'blobPollMs' | 'blobsInHand' | 'blobTurnMs'>;
}

const LATER = 'fetch it again later';
const BEHIND: Problem = { error: 'fetch_blob: the blobs are behind what was saved', remedy: LATER };
const BUSY: Problem = { error: 'fetch_blob: too many blobs are being fetched', remedy: LATER };
const AWAY: Problem = { error: 'fetch_blob: the blobs cannot be read now', remedy: LATER };
const BEYOND: Problem = {
  error: 'fetch_blob: the blobs are of another log than this one',
  remedy: 'whoever runs the service finds the reason in the readiness of the worker',
};

const NOT_KEPT: Problem = {
  error: 'fetch_blob: a blob that this connection saved was not kept',
  remedy: 'connect again and save it again',
};

const problemOf = (problem: Problem): BlobAnswer => ({ kind: 'problem', problem });

function outcomeOf(answer: BlobAnswer): 'found' | 'none' | 'failed' {
  if (answer.kind === 'problem') return 'failed';
  return answer.text === null ? 'none' : 'found';
}

function isKept(saved: Promise<unknown>): Promise<boolean> {
  return saved.then(
    () => true,
    () => false,
  );
}

export function createBlobReader(deps: BlobReaderDeps): BlobReader {
  const { state, places, metrics, limits, clockMs } = deps;
  const standing: BlobStanding = createBlobStanding({ ...deps, pollMs: limits.blobPollMs });
  // A blob may have a megabyte, and be long in a slow client's socket: these two bound what they take together.
  const inTurn = createTurns(limits.blobsInHand);
  const slow = createSlowOnes(limits.blobsInHand);

  /** Null when the store lost what it had meanwhile. */
  async function read({ student, name }: BlobAsked, end: BlobEnd): Promise<BlobAnswer | null> {
    const [stored] = await state.readMany(places.unit(end.partition), [places.field(student, name)]);
    const standingNow = await standing.check(student, end);
    if (standingNow === 'behind') return null;
    if (standingNow === 'beyond') return problemOf(BEYOND);
    return { kind: 'blob', text: stored == null ? null : (JSON.parse(stored) as string) };
  }

  async function find(asked: BlobAsked, end: BlobEnd, signal: AbortSignal): Promise<BlobAnswer> {
    for (;;) {
      const found = await until(signal, read(asked, end));
      if (found !== null) return found;
      await standing.reached(end, signal);
    }
  }

  /** How far the states must be to be read, once they are; or why they cannot be. */
  async function look(asked: BlobAsked, signal: AbortSignal): Promise<BlobEnd | BlobAnswer> {
    if (!(await until(signal, isKept(asked.after)))) return problemOf(NOT_KEPT);
    const end = await until(signal, standing.end(asked.student));
    await standing.reached(end, signal);
    return end;
  }

  function failed(error: unknown): BlobAnswer {
    if (error === LATE || error === GONE) return problemOf(BEHIND);
    deps.logger.warn({ error: messageOf(error) }, 'a blob could not be read; its client was told so');
    return problemOf(AWAY);
  }

  return {
    async answer(asked) {
      const since = clockMs();
      const { signal, end } = createPatience(limits.blobFetchMs, asked.signal);
      const hurry = new AbortController();
      const deliver = async (answer: BlobAnswer): Promise<void> => {
        if (asked.signal.aborted) return;
        metrics.fetched(outcomeOf(answer), clockMs() - since);
        await asked.deliver(answer, hurry.signal);
      };
      const found = await look(asked, signal).catch(failed);
      let sent = Promise.resolve();
      if ('kind' in found) sent = deliver(found);
      else
        await inTurn(async () => {
          const answer = signal.aborted ? problemOf(BUSY) : await find(asked, found, signal).catch(failed);
          sent = deliver(answer);
          // Whoever is slower than that does not make others wait.
          if (!(await isDoneWithin(limits.blobTurnMs, sent))) slow.add(hurry, sent);
        });
      await sent;
      end();
    },
  };
}
