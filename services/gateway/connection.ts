import { WebSocket } from 'ws';
import type { Auth } from '../shared/reducer-api.ts';
import type { Access } from './access.ts';
import { atTime } from './at-time.ts';
import { createBlobDesk } from './blob-desk.ts';
import { blobNameOf, FETCH_BLOB, SAVE_BLOB } from './blob-frame.ts';
import type { BlobAnswer, BlobReader } from './blob-reader.ts';
import { createBlobSender } from './blob-sender.ts';
import { blocklistAnswer } from './blocklist.ts';
import type { ByteBudget } from './byte-budget.ts';
import { vouches } from './credential.ts';
import type { DoorRefusal, Leaving } from './door.ts';
import type { ToEventRecord } from './envelope.ts';
import { type Frame, type FrameLimits, type Problem, parseFrame } from './frame.ts';
import { type Identity, identify, refusalOf } from './identity.ts';
import type { GatewayLimits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import type { Sender } from './sender.ts';
import { createSession, type ReceivedEvent } from './session.ts';
import type { SourceFault } from './typed-sources.ts';

/** One socket: its frames go through a session to the publisher, its answers go back. */
export interface Connection {
  /** Who sends, once it is known. */
  key(): string | null;
  receive(data: Buffer, isBinary: boolean): void;
  /** Keys or blocks changed: the sender may have to leave. */
  reconsider(): void;
  /** The socket is closed. */
  end(): void;
}

export interface ConnectionDeps {
  readonly identity: Identity;
  readonly sender: Sender;
  readonly access: Pick<Access, 'doorFor'>;
  readonly publisher: Publisher;
  readonly toEventRecord: ToEventRecord;
  readonly backlogBudget: ByteBudget;
  readonly sourceFault?: SourceFault | undefined;
  /** Null where there is no store to read blobs from. */
  readonly blobs: BlobReader | null;
  readonly metrics: GatewayMetrics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly clockMs: () => number;
  readonly limits: FrameLimits &
    Pick<
      GatewayLimits,
      | 'lockedBytes'
      | 'backlogFrames'
      | 'connectionBacklogBytes'
      | 'recordBytes'
      | 'unreadBytes'
      | 'blobBytes'
      | 'blobsWaiting'
      | 'blobSendMs'
    >;
}

const TRY_AGAIN_LATER = 1013;
const NOT_ALLOWED = 1008;

export function createConnection(
  ws: Pick<WebSocket, 'send' | 'close' | 'terminate' | 'bufferedAmount' | 'readyState'>,
  deps: ConnectionDeps,
): Connection {
  const { limits, metrics, publisher, clockMs } = deps;
  const { credential } = deps.sender;
  const door = deps.access.doorFor(deps.sender);
  const session = createSession({
    identify: (fields: Frame['fields']): Auth | null => identify({ ...deps.sender, fields }, deps.identity),
    refusalOf: (auth, fields) => refusalOf(auth, fields, deps.identity),
    eachNamed: vouches(credential),
    limits,
    sourceFault: deps.sourceFault,
    backlogBudget: deps.backlogBudget,
  });
  const desk = createBlobDesk({ reader: deps.blobs, maxWaiting: limits.blobsWaiting });
  const blobSender = createBlobSender(ws, limits.blobSendMs);
  let frames = 0;
  /** Once an event was not kept, none after it is: its sender must never find a gap. */
  let lost = false;
  /** Nothing of a sender that had to leave is taken any more. */
  let shutOut = false;
  let learner: Auth | null = null;
  let source: string | null = null;

  function send(answer: object): void {
    if (ws.readyState !== WebSocket.OPEN) return;
    if (ws.bufferedAmount - blobSender.unsentBytes() > limits.unreadBytes) ws.terminate();
    else ws.send(JSON.stringify(answer));
  }

  function explain({ error, remedy }: Problem, frame: number): void {
    send({ status: 'error', error: `frame ${frame}: ${error}`, ...(remedy === undefined ? {} : { remedy }) });
  }

  function refuse(problem: Problem, frame: number): void {
    metrics.events('refused', false);
    explain(problem, frame);
  }

  function shut(leaving: Leaving): void {
    shutOut = true;
    if (leaving.kind === 'blocked') send(blocklistAnswer(leaving.block, deps.now()));
    ws.close(NOT_ALLOWED, leaving.kind === 'blocked' ? 'blocked' : leaving.reason);
  }

  function reconsider(): void {
    const leaving = shutOut ? null : door.leaving(learner, source);
    if (leaving !== null) shut(leaving);
  }

  function turnAway(refusal: DoorRefusal, event: ReceivedEvent): void {
    if (refusal.kind === 'event') refuse(refusal.problem, event.ordinal + 1);
    else {
      metrics.events('refused', false);
      shut(refusal);
    }
  }

  function meet(identified: Auth): void {
    learner = identified;
    reconsider();
    if (!shutOut) send({ status: 'auth', user_id: identified.user_id });
  }

  function fetchBlob({ frame, auth, ordinal }: ReceivedEvent): void {
    const deliver = async (answer: BlobAnswer): Promise<void> => {
      if (answer.kind === 'problem') explain(answer.problem, ordinal + 1);
      else await blobSender.send(answer.text);
    };
    const isTaken = desk.fetch({ student: auth.safe_user_id, name: blobNameOf(frame), deliver });
    if (!isTaken)
      refuse({ error: 'fetch_blob: too many wait already', remedy: 'wait for their answers' }, ordinal + 1);
  }

  /** Every event, and every fetch, has to pass the door. */
  function take(event: ReceivedEvent): void {
    if (shutOut) return;
    source = typeof event.frame.fields.source === 'string' ? event.frame.fields.source : null;
    const refusal = door.refusal(event);
    if (refusal !== null) turnAway(refusal, event);
    else if (event.frame.event === FETCH_BLOB) fetchBlob(event);
    else publish(event);
  }

  function publish(event: ReceivedEvent): void {
    const { record, sourceKnown } = deps.toEventRecord(event, deps.sender.server, deps.sender);
    if (record.value.length > limits.recordBytes) {
      const error = `with its locked fields an event may have at most ${limits.recordBytes} bytes`;
      refuse({ error, remedy: 'send it in parts' }, event.ordinal + 1);
      return;
    }
    const since = clockMs();
    const ticket = lost ? null : publisher.publish([record]);
    if (ticket === null) {
      lost = true;
      metrics.events('unkept', sourceKnown);
      ws.close(TRY_AGAIN_LATER, 'events cannot be kept now; connect again later');
      return;
    }
    if (event.frame.event === SAVE_BLOB) desk.saving(ticket.kept);
    void ticket.kept.then(
      () => {
        metrics.ack(clockMs() - since);
        metrics.events('accepted', sourceKnown);
      },
      () => metrics.events('unkept', sourceKnown),
    );
  }

  const { expiresAt = null } = credential.kind === 'none' ? {} : credential;
  const endTimer = expiresAt === null ? undefined : atTime(expiresAt, deps.now, reconsider);

  return {
    key: () => learner?.safe_user_id ?? null,
    reconsider,
    receive(data, isBinary) {
      frames++;
      const parsed = isBinary
        ? ({
            kind: 'problem',
            problem: { error: 'binary frames are not read', remedy: 'send text' },
          } as const)
        : parseFrame(data.toString(), limits);
      const outcome = session.take(parsed, Math.round(deps.now() * 1_000));
      if (outcome.identified !== null) meet(outcome.identified);
      for (const { problem, ordinal } of outcome.refusals) refuse(problem, ordinal + 1);
      for (const event of outcome.events) take(event);
      if (outcome.problem !== null) refuse(outcome.problem, frames);
      if (outcome.kind === 'ended') ws.close(1000, 'terminated as asked');
    },
    end() {
      desk.end();
      endTimer?.();
      const unidentified = session.end();
      if (unidentified > 0) metrics.events('unidentified', false, unidentified);
    },
  };
}
