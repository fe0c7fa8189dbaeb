import { WebSocket } from 'ws';
import type { Auth } from '../shared/reducer-api.ts';
import { createBlobDesk } from './blob-desk.ts';
import { blobNameOf, FETCH_BLOB, SAVE_BLOB } from './blob-frame.ts';
import type { BlobAnswer, BlobReader } from './blob-reader.ts';
import { createBlobSender } from './blob-sender.ts';
import type { ByteBudget } from './byte-budget.ts';
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
  /** The socket is closed. */
  end(): void;
}

export interface ConnectionDeps {
  readonly identity: Identity;
  readonly sender: Sender;
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

export function createConnection(
  ws: Pick<WebSocket, 'send' | 'close' | 'terminate' | 'bufferedAmount' | 'readyState'>,
  deps: ConnectionDeps,
): Connection {
  const { limits, metrics, publisher, clockMs } = deps;
  const session = createSession({
    identify: (fields: Frame['fields']): Auth | null => identify({ ...deps.sender, fields }, deps.identity),
    refusalOf: (auth, fields) => refusalOf(auth, fields, deps.identity),
    limits,
    sourceFault: deps.sourceFault,
    backlogBudget: deps.backlogBudget,
  });
  const desk = createBlobDesk({ reader: deps.blobs, maxWaiting: limits.blobsWaiting });
  const blobSender = createBlobSender(ws, limits.blobSendMs);
  let frames = 0;
  let key: string | null = null;
  /** Once an event was not kept, none after it is: its sender must never find a gap. */
  let lost = false;

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

  function fetchBlob({ frame, auth, ordinal }: ReceivedEvent): void {
    const deliver = async (answer: BlobAnswer): Promise<void> => {
      if (answer.kind === 'problem') explain(answer.problem, ordinal + 1);
      else await blobSender.send(answer.text);
    };
    const isTaken = desk.fetch({ student: auth.safe_user_id, name: blobNameOf(frame), deliver });
    if (!isTaken)
      refuse({ error: 'fetch_blob: too many wait already', remedy: 'wait for their answers' }, ordinal + 1);
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

  return {
    key: () => key,
    receive(data, isBinary) {
      frames++;
      const parsed = isBinary
        ? ({
            kind: 'problem',
            problem: { error: 'binary frames are not read', remedy: 'send text' },
          } as const)
        : parseFrame(data.toString(), limits);
      const outcome = session.take(parsed, Math.round(deps.now() * 1_000));
      key ??= outcome.identified?.safe_user_id ?? null;
      if (outcome.identified !== null) send({ status: 'auth', user_id: outcome.identified.user_id });
      for (const { problem, ordinal } of outcome.refusals) refuse(problem, ordinal + 1);
      for (const event of outcome.events)
        if (event.frame.event === FETCH_BLOB) fetchBlob(event);
        else publish(event);
      if (outcome.problem !== null) refuse(outcome.problem, frames);
      if (outcome.kind === 'ended') ws.close(1000, 'terminated as asked');
    },
    end() {
      desk.end();
      const unidentified = session.end();
      if (unidentified > 0) metrics.events('unidentified', false, unidentified);
    },
  };
}
