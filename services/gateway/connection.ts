import type { WebSocket } from 'ws';
import type { Auth } from '../shared/reducer-api.ts';
import type { Access } from './access.ts';
import { atTime } from './at-time.ts';
import { blocklistAnswer } from './blocklist.ts';
import type { ByteBudget } from './byte-budget.ts';
import { vouches } from './credential.ts';
import type { Leaving } from './door.ts';
import { type Frame, type FrameLimits, type ParsedFrame, type Problem, parseFrame } from './frame.ts';
import { type Identity, identify, refusalOf } from './identity.ts';
import type { GatewayLimits } from './limits.ts';
import { createSession, type Outcome, type ReceivedEvent, sizeOf } from './session.ts';
import { createSocketAnswers, type FramePlace } from './socket-answers.ts';
import { createSocketEvents, type SocketEventsDeps } from './socket-events.ts';
import type { SourceFault } from './typed-sources.ts';

/** When what a socket sends is taken: in its order, and no faster than its sender may send. */
export interface Pace {
  /** Runs a step when the learner of this key, as far as there is one, may go on; those before it run first. */
  inTurn(key: string | null, step: () => void): void;
  /** One more event of the learner goes on. */
  count(key: string): void;
}

/** One socket: its frames go through a session and the door to the log, its answers go back. */
export interface Connection {
  receive(data: Buffer, isBinary: boolean): void;
  /** Keys or blocks changed: the sender may have to leave. */
  reconsider(): void;
  /** The socket is closed. */
  end(): void;
}

export interface ConnectionDeps extends Omit<SocketEventsDeps, 'ws' | 'answers' | 'acks'> {
  readonly identity: Identity;
  readonly pace: Pace;
  readonly access: Pick<Access, 'doorFor'>;
  /** Whether acknowledgements were asked for by the socket's subprotocol; a locked `acks: true` asks for them, too. */
  readonly acks?: boolean;
  readonly backlogBudget: ByteBudget;
  readonly sourceFault?: SourceFault | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits: FrameLimits &
    SocketEventsDeps['limits'] &
    Pick<
      GatewayLimits,
      'lockedBytes' | 'backlogFrames' | 'connectionBacklogBytes' | 'unreadBytes' | 'blobBytes' | 'blobSendMs'
    >;
}

const NOT_ALLOWED = 1008;

const BINARY: ParsedFrame = {
  kind: 'problem',
  problem: { error: 'binary frames are not read', remedy: 'send text' },
};

function locksAcks(lockFrame: Frame['fields']): boolean {
  return (lockFrame.fields as Frame['fields']).acks === true;
}

export function createConnection(
  ws: Pick<WebSocket, 'send' | 'close' | 'terminate' | 'bufferedAmount' | 'readyState'>,
  deps: ConnectionDeps,
): Connection {
  const { limits, metrics } = deps;
  const { credential } = deps.sender;
  const door = deps.access.doorFor(deps.sender);
  const session = createSession({
    identify: (fields) => identify({ ...deps.sender, fields }, deps.identity),
    refusalOf: (auth, fields) => refusalOf(auth, fields, deps.identity),
    eachNamed: vouches(credential),
    limits,
    sourceFault: deps.sourceFault,
    backlogBudget: deps.backlogBudget,
  });
  let acksAsked = deps.acks === true;
  const answers = createSocketAnswers({ ws, metrics, limits, acksAsked: () => acksAsked });
  const events = createSocketEvents({ ...deps, ws, answers, acks: deps.acks === true });
  let frames = 0;
  /** Nothing of a sender that had to leave is taken any more. */
  let shutOut = false;
  let learner: Auth | null = null;
  let source: string | null = null;

  function shut(leaving: Leaving): void {
    shutOut = true;
    if (leaving.kind === 'blocked') answers.send(blocklistAnswer(leaving.block, deps.now()));
    ws.close(NOT_ALLOWED, leaving.kind === 'blocked' ? 'blocked' : leaving.reason);
  }

  function reconsider(): void {
    const leaving = shutOut ? null : door.leaving(learner, source);
    if (leaving !== null) shut(leaving);
  }

  function meet(identified: Auth): void {
    learner = identified;
    reconsider();
    if (!shutOut) answers.send({ status: 'auth', user_id: identified.user_id });
  }

  /** Every event, and every fetch, has to pass the door. */
  function take(event: ReceivedEvent): void {
    if (shutOut) return;
    const { fields } = event.frame;
    source = typeof fields.source === 'string' ? fields.source : null;
    const refusal = door.refusal(event);
    if (refusal === null) {
      deps.pace.count(event.auth.safe_user_id);
      events.take(event);
    } else if (refusal.kind === 'event') refuse(refusal.problem, { ordinal: event.ordinal, fields });
    else {
      metrics.events('refused', false);
      shut(refusal);
    }
  }

  /** Of an event that was not taken; whoever waits for its acknowledgement must be able to send it again. */
  function refuse(problem: Problem, place: FramePlace): void {
    if (problem.retriable === true && acksAsked) events.lose(false);
    else answers.refuse(problem, place);
  }

  function follow(outcome: Outcome, place: FramePlace): void {
    if (outcome.identified !== null) meet(outcome.identified);
    for (const refusal of outcome.refusals) refuse(refusal.problem, refusal);
    const isBacklog = outcome.events.length > 1;
    for (const event of outcome.events) {
      // What waited for its sender's name may now have to wait for its turn, and goes on counting as waiting.
      const bytes = isBacklog ? sizeOf(event.frame) : 0;
      const isCounted = deps.backlogBudget.take(bytes);
      deps.pace.inTurn(event.auth.safe_user_id, () => {
        if (isCounted) deps.backlogBudget.giveBack(bytes);
        take(event);
      });
    }
    if (outcome.kind === 'locked') acksAsked ||= locksAcks(place.fields!);
    if (outcome.problem !== null) refuse(outcome.problem, place);
    if (outcome.kind === 'ended')
      deps.pace.inTurn(null, () => events.whenTold(() => ws.close(1000, 'terminated as asked')));
  }

  const { expiresAt = null } = credential.kind === 'none' ? {} : credential;
  const endTimer = expiresAt === null ? undefined : atTime(expiresAt, deps.now, reconsider);

  return {
    reconsider,
    receive(data, isBinary) {
      const parsed = isBinary ? BINARY : parseFrame(data.toString(), limits);
      const fields = parsed.kind === 'frame' ? parsed.frame.fields : null;
      follow(session.take(parsed, Math.round(deps.now() * 1_000)), { ordinal: frames++, fields });
    },
    end() {
      endTimer?.();
      events.end();
      const unidentified = session.end();
      if (unidentified > 0) metrics.events('unidentified', false, unidentified);
    },
  };
}
