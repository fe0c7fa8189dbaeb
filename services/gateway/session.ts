import type { Auth } from '../shared/reducer-api.ts';
import { isBlobFrame, readyBlob } from './blob-frame.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Frame, ParsedFrame, Problem } from './frame.ts';
import type { GatewayLimits } from './limits.ts';
import { type LockedFields, mergeLocked, NOTHING_LOCKED, writeLockedOver } from './locked-fields.ts';
import type { SourceFault } from './typed-sources.ts';

/** An event as it goes on: its frame with the locked fields written over it, and who sent it. */
export interface ReceivedEvent {
  /** Which frame of the connection it was, from 0. */
  readonly ordinal: number;
  readonly frame: Frame;
  readonly locked: LockedFields;
  readonly auth: Auth;
  /** Microseconds since 1970. */
  readonly receivedAt: number;
}

/** A frame that is refused later than it came. */
export interface Refusal {
  readonly ordinal: number;
  readonly fields: Frame['fields'];
  readonly problem: Problem;
}

/** What came of one frame. */
export interface Outcome {
  readonly kind: 'locked' | 'waiting' | 'delivered' | 'ended' | 'refused';
  /** Why it was refused. */
  readonly problem: Problem | null;
  /** Set by the frame that gave the connection its identity. */
  readonly identified: Auth | null;
  /** What goes on now, in order: the backlog, when this frame gave the identity, then this frame. */
  readonly events: readonly ReceivedEvent[];
  /** What waited for an identity and may not be sent by the one that came. */
  readonly refusals: readonly Refusal[];
}

/** One connection, or one request: a state machine without time or network. */
export interface Session {
  /** Takes the connection's next frame; `receivedAt` in microseconds since 1970. */
  take(parsed: ParsedFrame, receivedAt: number): Outcome;
  /** Frees the backlog and returns how many events in it never got an identity. */
  end(): number;
}

export interface SessionDeps {
  /** Null when the fields name nobody, a problem when they name somebody who may not send. */
  readonly identify: (fields: Frame['fields']) => Auth | Problem | null;
  /** Why an identity may not send an event with these fields. Asked of every event. */
  readonly refusalOf: (auth: Auth, fields: Frame['fields']) => Problem | null;
  /** For a sender that speaks for many: each event is of whom it names itself, and of nobody else. */
  readonly eachNamed?: boolean;
  readonly limits: Pick<
    GatewayLimits,
    'lockedBytes' | 'backlogFrames' | 'connectionBacklogBytes' | 'blobBytes'
  >;
  /** Asked about every event, with the locked fields in it. */
  readonly sourceFault?: SourceFault | undefined;
  /** Shared by all connections. */
  readonly backlogBudget: ByteBudget;
}

type Waiting = Omit<ReceivedEvent, 'auth'> & {
  readonly sizeBytes: number;
  /** The frame as it came, when nothing was locked by then and it names no source. */
  readonly bare: Frame | null;
};

const NAMELESS: Problem = {
  error: 'the event does not say whose it is, which with an API key every event must',
  remedy: 'name the learner in it, by a user_tag for instance, or lock that field',
};

function outcome(kind: Outcome['kind'], more: Partial<Outcome> = {}): Outcome {
  return { kind, problem: null, identified: null, events: [], refusals: [], ...more };
}

function refused(problem: Problem, more: Partial<Outcome> = {}): Outcome {
  return outcome('refused', { ...more, problem });
}

/** What a frame that waits counts for, in bytes. */
export function sizeOf(frame: Frame): number {
  if (frame.text !== null) return frame.text.length * 2;
  let chars = 0;
  for (const [name, text] of frame.members) chars += name.length + text.length;
  return chars * 2;
}

export function createSession(deps: SessionDeps): Session {
  const { limits, backlogBudget } = deps;
  let locked = NOTHING_LOCKED;
  let auth: Auth | null = null;
  let ended = false;
  let backlog: Waiting[] = [];
  let backlogBytes = 0;
  let frames = 0;

  function emptyBacklog(): Waiting[] {
    const waiting = backlog;
    backlogBudget.giveBack(backlogBytes);
    backlog = [];
    backlogBytes = 0;
    return waiting;
  }

  /** A frame with the locked fields over its own, as it goes on; or what is wrong with it. */
  function prepare(frame: Frame): ParsedFrame {
    const written = readyBlob(writeLockedOver(frame, locked), limits.blobBytes);
    if (written.kind === 'problem') return written;
    const isEvent = written.frame.event !== 'terminate' && !isBlobFrame(written.frame);
    const fault = isEvent ? deps.sourceFault?.(written.frame) : null;
    return fault ? { kind: 'problem', problem: fault } : written;
  }

  function wait(event: Omit<Waiting, 'sizeBytes'>): Outcome {
    const sizeBytes = sizeOf(event.frame);
    const isFull =
      backlog.length >= limits.backlogFrames || backlogBytes + sizeBytes > limits.connectionBacklogBytes;
    if (isFull || !backlogBudget.take(sizeBytes))
      return refused({
        error: 'too many events wait for an identity; this one was not kept',
        remedy: 'identify first, by a locked user_tag for instance',
        retriable: true,
      });
    backlog.push({ ...event, sizeBytes });
    backlogBytes += sizeBytes;
    return outcome('waiting');
  }

  /** Whose event it is, and who was found out by it. */
  function recognise(fields: Frame['fields']): { known: Auth | null; identified: Auth | null } | Problem {
    if (auth !== null && deps.eachNamed !== true) return { known: auth, identified: null };
    const known = deps.identify(fields);
    if (known !== null && 'error' in known) return known;
    const identified = auth === null ? known : null;
    auth ??= known;
    return { known, identified };
  }

  /**
   * A client that comes back sends what it had queued first, and only then what it had locked: events for which nothing
   * was locked and which name no source, so that nothing could be done with them, get what was locked since.
   */
  function withLateLock({
    bare,
    sizeBytes: _size,
    ...event
  }: Waiting): Omit<Waiting, 'sizeBytes' | 'bare'> | Problem {
    if (bare === null || locked.fields.source === undefined) return event;
    const prepared = prepare(bare);
    return prepared.kind === 'problem' ? prepared.problem : { ...event, frame: prepared.frame, locked };
  }

  /** The backlog, for the identity that came. */
  function release(known: Auth): Pick<Outcome, 'events' | 'refusals'> {
    const events: ReceivedEvent[] = [];
    const refusals: Refusal[] = [];
    for (const waiting of emptyBacklog()) {
      const event = withLateLock(waiting);
      const problem = 'error' in event ? event : deps.refusalOf(known, event.frame.fields);
      if (problem !== null)
        refusals.push({ ordinal: waiting.ordinal, fields: waiting.frame.fields, problem });
      else if (!('error' in event)) events.push({ ...event, auth: known });
    }
    return { events, refusals };
  }

  function lock(frame: Frame): Outcome {
    const merged = mergeLocked(locked, frame, limits.lockedBytes);
    if (merged.kind === 'problem') return refused(merged.problem);
    locked = merged.locked;
    // Nothing more need come to identify those that wait.
    if (auth === null && backlog.length > 0) {
      const found = deps.identify(locked.fields);
      if (found !== null && !('error' in found)) auth = found;
    }
    if (auth === null || backlog.length === 0) return outcome('locked');
    return outcome('locked', { identified: auth, ...release(auth) });
  }

  function deliver(event: Omit<Waiting, 'sizeBytes'>): Outcome {
    const { fields } = event.frame;
    const recognised = recognise(fields);
    if ('error' in recognised) return refused(recognised);
    const { known, identified } = recognised;
    if (known === null) return deps.eachNamed === true ? refused(NAMELESS) : wait(event);
    const released = { identified, ...release(known) };
    const problem = deps.refusalOf(known, fields);
    if (problem !== null) return refused(problem, released);
    const { bare: _bare, ...rest } = event;
    return outcome('delivered', { ...released, events: [...released.events, { ...rest, auth: known }] });
  }

  return {
    take(parsed, receivedAt) {
      const ordinal = frames++;
      if (ended) return refused({ error: 'this comes after a terminate', remedy: 'connect again' });
      if (parsed.kind === 'problem') return refused(parsed.problem);
      if (parsed.frame.event === 'lock_fields') return lock(parsed.frame);
      const prepared = prepare(parsed.frame);
      if (prepared.kind === 'problem') return refused(prepared.problem);
      const { frame } = prepared;
      if (frame.event === 'terminate') {
        ended = true;
        return outcome('ended');
      }
      const bare = locked === NOTHING_LOCKED && frame.fields.source === undefined ? parsed.frame : null;
      return deliver({ ordinal, frame, bare, locked, receivedAt });
    },
    end: () => emptyBacklog().length,
  };
}
