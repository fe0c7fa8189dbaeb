import type { Block } from '../shared/control/access-record.ts';
import type { Access } from './access.ts';
import type { Append, Appends } from './appends.ts';
import { FETCH_BLOB } from './blob-frame.ts';
import type { ByteBudget } from './byte-budget.ts';
import { vouches } from './credential.ts';
import type { EventRecord, ToEventRecord } from './envelope.ts';
import type { ParsedFrame, Problem } from './frame.ts';
import { type Identity, identify, refusalOf } from './identity.ts';
import type { GatewayLimits } from './limits.ts';
import type { Rates } from './rates.ts';
import { fullNameOf, nameOf } from './recent-ids.ts';
import type { Sender } from './sender.ts';
import { createSession, type Outcome, type ReceivedEvent } from './session.ts';
import type { SourceFault } from './typed-sources.ts';

/** What became of one element of a body. An element that is no event, such as `lock_fields`, has no id. */
export interface EventResult {
  readonly index: number;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly id?: string;
  readonly error?: string;
}

/** What goes into the log together: the next events of a request, and what some of its elements wait for. */
export interface Group {
  readonly records: readonly EventRecord[];
  readonly sizeBytes: number;
  /** Events on their way already, whose outcome elements of this request share. */
  readonly joined: readonly Append[];
  /** To be called of each append, its own and joined, that is over: what the log refused in it was not accepted. */
  over(append: Pick<Append, 'refused'>): void;
}

/** An element that is accepted unless the log refuses its event. */
interface Placed {
  readonly index: number;
  readonly name: string;
  /** Whether its source has a topic of its own; null when the event was on its way already. */
  readonly sourceKnown: boolean | null;
}

/** One request: its elements go through a session of their own, like the frames of a socket. */
export interface Batch {
  take(frame: ParsedFrame): void;
  /** What was taken since the last call. */
  nextGroup(): Group;
  /** Encoded events taken since the last group, and since the beginning. */
  groupBytes(): number;
  totalBytes(): number;
  /** How many events it appended, by whether their source has a topic of its own. */
  appended(sourceKnown: boolean): number;
  /** Hold once every group is durable, not before. */
  results(): readonly EventResult[];
  /** Set when the sender sends too much: it may go on after so many milliseconds. What came since was rejected. */
  waitMs(): number;
  /** Why the sender may send no more of it. */
  credentialFault(): string | null;
  /** True when the sender is known by its guest's cookie. */
  asGuest(): boolean;
  /** Set when an event was rejected because its sender, or the learner that it names, is blocked. */
  blocked(): Block | null;
  /** Frees what waits for an identity. */
  end(): void;
}

export interface BatchDeps {
  readonly identity: Identity;
  readonly access: Pick<Access, 'doorFor'>;
  readonly toEventRecord: ToEventRecord;
  readonly appends: Pick<Appends, 'known'>;
  readonly rates: Rates;
  readonly backlogBudget: ByteBudget;
  readonly sourceFault?: SourceFault | undefined;
  readonly limits: Pick<
    GatewayLimits,
    'lockedBytes' | 'backlogFrames' | 'connectionBacklogBytes' | 'blobBytes' | 'recordBytes'
  >;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

function errorText({ error, remedy }: Problem): string {
  return remedy === undefined ? error : `${error}; ${remedy}`;
}

const NO_FETCH = 'event: fetch_blob is answered on the socket alone; connect to /wsapi/in/';
const NO_IDENTITY = 'nobody said who sent it; identify in this or an earlier element of the request';

function resultOf(index: number, { kind, problem }: Outcome): EventResult {
  if (problem !== null) return { index, status: 'rejected', error: errorText(problem) };
  // Stands unless a later element gives the identity.
  if (kind === 'waiting') return { index, status: 'rejected', error: NO_IDENTITY };
  return { index, status: 'accepted' };
}

export const TOO_MUCH = 'this sender sends too much; send the rest later';

export function createBatch(sender: Sender, address: string, deps: BatchDeps): Batch {
  const { limits } = deps;
  const door = deps.access.doorFor(sender);
  const session = createSession({
    identify: (fields) => identify({ ...sender, fields }, deps.identity),
    refusalOf: (auth, fields) => refusalOf(auth, fields, deps.identity),
    eachNamed: vouches(sender.credential),
    limits,
    sourceFault: deps.sourceFault,
    backlogBudget: deps.backlogBudget,
  });
  const results: EventResult[] = [];
  let records: EventRecord[] = [];
  /** The ids in `records`: an event may come twice within one group. */
  let names = new Set<string>();
  let joined = new Set<Append>();
  let placed: Placed[] = [];
  let groupBytes = 0;
  let totalBytes = 0;
  const appended = { known: 0, unknown: 0 };
  let waitMs = 0;
  let asGuest = false;
  let blocked: Block | null = null;

  function standingOf(record: EventRecord): 'new' | 'onItsWay' | 'durable' {
    const name = nameOf(record);
    if (name === null) return 'new';
    if (names.has(name)) return 'onItsWay';
    const known = deps.appends.known(record);
    if (known === 'durable') return 'durable';
    if (known === undefined) names.add(name);
    else joined.add(known);
    return known === undefined ? 'new' : 'onItsWay';
  }

  function turnedAway(event: ReceivedEvent): string | null {
    const refusal = door.refusal(event);
    if (refusal === null) return null;
    blocked ??= refusal.block;
    return refusal.kind === 'event' ? errorText(refusal.problem) : refusal.block.message;
  }

  function place(index: number, event: EventRecord, isNew: boolean): void {
    placed.push({ index, name: fullNameOf(event), sourceKnown: isNew ? event.sourceKnown : null });
    if (!isNew) return;
    const { record, sourceKnown } = event;
    records.push(event);
    deps.rates.countIdentity(record.key, 1);
    appended[sourceKnown ? 'known' : 'unknown']++;
    groupBytes += record.value.length;
    totalBytes += record.value.length;
  }

  function deliver(event: ReceivedEvent): EventResult {
    const index = event.ordinal;
    if (event.frame.event === FETCH_BLOB) return { index, status: 'rejected', error: NO_FETCH };
    const error = turnedAway(event);
    if (error !== null) return { index, status: 'rejected', error };
    const record = deps.toEventRecord(event, sender.server, sender);
    const { length } = record.record.value;
    if (length > limits.recordBytes) {
      const error = `with its locked fields an event may have at most ${limits.recordBytes} bytes`;
      return { index, status: 'rejected', error };
    }
    // Asked for every event: the identity may have become known with it.
    waitMs = Math.max(waitMs, deps.rates.waitMs({ address, key: record.record.key }));
    if (waitMs > 0) return { index, status: 'rejected', error: TOO_MUCH };
    const standing = standingOf(record);
    if (standing === 'durable') return { index, status: 'duplicate', id: record.id };
    place(index, record, standing === 'new');
    return { index, status: 'accepted', id: record.id };
  }

  function over(elements: readonly Placed[], refused: Append['refused']): void {
    if (refused.size === 0) return;
    for (const { index, name, sourceKnown } of elements) {
      const refusal = refused.get(name);
      if (refusal === undefined) continue;
      results[index] = { index, status: 'rejected', error: refusal.reason };
      if (sourceKnown !== null) appended[sourceKnown ? 'known' : 'unknown']--;
    }
  }

  return {
    take(frame) {
      const outcome = session.take(frame, Math.round(deps.now() * 1_000));
      const index = results.length;
      results.push(resultOf(index, outcome));
      asGuest ||= outcome.identified?.providence === 'guest';
      for (const { ordinal, problem } of outcome.refusals)
        results[ordinal] = { index: ordinal, status: 'rejected', error: errorText(problem) };
      for (const event of outcome.events) results[event.ordinal] = deliver(event);
      // Repeats cost nothing: whoever sends again what it was refused for in part, comes further each time.
      if (results[index]?.status !== 'duplicate') deps.rates.countAddress(address, 1);
      waitMs = Math.max(waitMs, deps.rates.waitMs({ address, key: null }));
    },
    nextGroup() {
      const elements = placed;
      const group: Group = {
        records,
        sizeBytes: groupBytes,
        joined: [...joined],
        over: ({ refused }) => over(elements, refused),
      };
      placed = [];
      records = [];
      names = new Set();
      joined = new Set();
      groupBytes = 0;
      return group;
    },
    groupBytes: () => groupBytes,
    totalBytes: () => totalBytes,
    appended: (sourceKnown) => appended[sourceKnown ? 'known' : 'unknown'],
    results: () => results,
    waitMs: () => waitMs,
    credentialFault: door.credentialFault,
    asGuest: () => asGuest,
    blocked: () => blocked,
    end: () => void session.end(),
  };
}
