import type { ByteBudget } from './byte-budget.ts';
import type { EventRecord, ToEventRecord } from './envelope.ts';
import type { ParsedFrame, Problem } from './frame.ts';
import { type Identity, identify, refusalOf } from './identity.ts';
import type { GatewayLimits } from './limits.ts';
import type { RecentIds } from './recent-ids.ts';
import type { Sender } from './sender.ts';
import { createSession, type Outcome, type ReceivedEvent } from './session.ts';

/** What became of one element of a body. An element that is no event, such as `lock_fields`, has no id. */
interface EventResult {
  readonly index: number;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly id?: string;
  readonly error?: string;
}

/** A request's elements, worked through. `results` hold once `records` are durable, not before. */
export interface Batch {
  readonly results: readonly EventResult[];
  readonly records: readonly EventRecord[];
  readonly sizeBytes: number;
  /** True when the sender is known by its guest's cookie. */
  readonly asGuest: boolean;
}

export interface BatchDeps {
  readonly identity: Identity;
  readonly toEventRecord: ToEventRecord;
  readonly recent: Pick<RecentIds, 'has'>;
  readonly backlogBudget: ByteBudget;
  readonly limits: Pick<
    GatewayLimits,
    'lockedBytes' | 'backlogFrames' | 'connectionBacklogBytes' | 'recordBytes' | 'requestBytes'
  >;
}

function errorText({ error, remedy }: Problem): string {
  return remedy === undefined ? error : `${error}; ${remedy}`;
}

const NO_IDENTITY = 'nobody said who sent it; identify in this or an earlier element of the request';

/** Runs the elements through a session of their own, like the frames of a socket. Null: more than `requestBytes`. */
export function takeBatch(
  frames: readonly ParsedFrame[],
  sender: Sender,
  receivedAt: number,
  deps: BatchDeps,
): Batch | null {
  const { limits } = deps;
  const session = createSession({
    identify: (fields) => identify({ ...sender, fields }, deps.identity),
    refusalOf: (auth, fields) => refusalOf(auth, fields, deps.identity),
    limits,
    backlogBudget: deps.backlogBudget,
  });
  const results: EventResult[] = [];
  const records: EventRecord[] = [];
  let sizeBytes = 0;
  let asGuest = false;

  function deliver(event: ReceivedEvent): EventResult {
    const record = deps.toEventRecord(event, sender.server);
    const index = event.ordinal;
    const { length } = record.record.value;
    if (length > limits.recordBytes) {
      const error = `with its locked fields an event may have at most ${limits.recordBytes} bytes`;
      return { index, status: 'rejected', error };
    }
    if (deps.recent.has(record)) return { index, status: 'duplicate', id: record.id };
    records.push(record);
    sizeBytes += length;
    return { index, status: 'accepted', id: record.id };
  }

  function resultOf(index: number, { kind, problem }: Outcome): EventResult {
    if (problem !== null) return { index, status: 'rejected', error: errorText(problem) };
    // Stands unless a later element gives the identity.
    if (kind === 'waiting') return { index, status: 'rejected', error: NO_IDENTITY };
    return { index, status: 'accepted' };
  }

  for (const [index, frame] of frames.entries()) {
    const outcome = session.take(frame, receivedAt);
    results[index] = resultOf(index, outcome);
    asGuest ||= outcome.identified?.providence === 'guest';
    for (const { ordinal, problem } of outcome.refusals)
      results[ordinal] = { index: ordinal, status: 'rejected', error: errorText(problem) };
    for (const event of outcome.events) results[event.ordinal] = deliver(event);
    if (sizeBytes > limits.requestBytes) break;
  }
  session.end();
  return sizeBytes > limits.requestBytes ? null : { results, records, sizeBytes, asGuest };
}
