import type { WebSocket } from 'ws';
import { type AckPlace, createAcks } from './acks.ts';
import { createBlobDesk } from './blob-desk.ts';
import { blobNameOf, FETCH_BLOB, SAVE_BLOB } from './blob-frame.ts';
import type { BlobAnswer, BlobReader } from './blob-reader.ts';
import { numbersOf, type ToEventRecord } from './envelope.ts';
import type { GatewayLimits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import { isRefusedForGood, REFUSED_FOR_GOOD } from './refused-for-good.ts';
import type { Sender } from './sender.ts';
import type { ReceivedEvent } from './session.ts';
import type { FramePlace, SocketAnswers } from './socket-answers.ts';

/** What becomes of a connection's events once they may go on: into the log, acknowledged if wanted; fetches to the blobs. */
export interface SocketEvents {
  take(event: ReceivedEvent): void;
  /** An event was not kept, so none after it is, and the socket closes: its sender must never find a gap. */
  lose(sourceKnown: boolean): void;
  /** Calls back, now or later, when every acknowledgement that is due was sent. */
  whenTold(callback: () => void): void;
  end(): void;
}

export interface SocketEventsDeps {
  readonly ws: Pick<WebSocket, 'close'>;
  readonly answers: SocketAnswers;
  readonly sender: Sender;
  /** Whether the socket's subprotocol asks for acknowledgements; else a locked `acks: true` of an event does. */
  readonly acks: boolean;
  readonly publisher: Publisher;
  readonly toEventRecord: ToEventRecord;
  readonly blobs: BlobReader | null;
  readonly metrics: GatewayMetrics;
  readonly clockMs: () => number;
  readonly limits: Pick<GatewayLimits, 'recordBytes' | 'ackEveryMs' | 'blobsWaiting'>;
}

const TRY_AGAIN_LATER = 1013;

export function createSocketEvents(deps: SocketEventsDeps): SocketEvents {
  const { ws, answers, sender, limits, metrics, clockMs } = deps;
  const acks = createAcks({ send: answers.send, everyMs: limits.ackEveryMs });
  const desk = createBlobDesk({ reader: deps.blobs, maxWaiting: limits.blobsWaiting });
  let lost = false;

  function lose(sourceKnown: boolean): void {
    lost = true;
    metrics.events('unkept', sourceKnown);
    ws.close(TRY_AGAIN_LATER, 'events cannot be kept now; connect again later');
  }

  function fetchBlob({ frame, auth }: ReceivedEvent, place: FramePlace): void {
    const deliver = async (answer: BlobAnswer, hurry: AbortSignal): Promise<void> => {
      if (answer.kind === 'problem') answers.explain(answer.problem, place);
      else await answers.sendBlob(answer.text, hurry);
    };
    const isTaken = desk.fetch({ student: auth.safe_user_id, name: blobNameOf(frame), deliver });
    if (isTaken) return;
    answers.refuse({ error: 'fetch_blob: too many wait already', remedy: 'wait for their answers' }, place);
  }

  /** What becomes of an event on its way. `place` does not hold the frame: tens of thousands may wait for the log. */
  function follow(kept: Promise<void>, ack: AckPlace | null, sourceKnown: boolean, place: FramePlace): void {
    const since = clockMs();
    void kept.then(
      () => {
        metrics.ack(clockMs() - since);
        metrics.events('accepted', sourceKnown);
        ack?.settled();
      },
      (error: unknown) => {
        if (isRefusedForGood(error)) {
          answers.refuse(REFUSED_FOR_GOOD, place);
          ack?.settled();
        } else if (ack === null) metrics.events('unkept', sourceKnown);
        else lose(sourceKnown);
      },
    );
  }

  function publish(event: ReceivedEvent, framePlace: FramePlace): void {
    const { record, sourceKnown } = deps.toEventRecord(event, sender.server, sender);
    if (record.value.length > limits.recordBytes) {
      const error = `with its locked fields an event may have at most ${limits.recordBytes} bytes`;
      answers.refuse({ error, remedy: 'send it in parts' }, framePlace);
      return;
    }
    const wanted = deps.acks || event.locked.fields.acks === true;
    const fields = wanted ? { ...numbersOf(event.frame.fields) } : null;
    const ack = fields === null ? null : acks.place(fields);
    if (ack?.kind === 'problem') {
      answers.refuse(ack.problem, framePlace);
      return;
    }
    const ticket = lost ? null : deps.publisher.publish([record]);
    if (ticket === null) {
      lose(sourceKnown);
      return;
    }
    if (event.frame.event === SAVE_BLOB) desk.saving(ticket.kept);
    follow(ticket.kept, ack, sourceKnown, { ordinal: framePlace.ordinal, fields });
  }

  return {
    take(event) {
      const place = { ordinal: event.ordinal, fields: event.frame.fields };
      if (event.frame.event === FETCH_BLOB) fetchBlob(event, place);
      else publish(event, place);
    },
    lose,
    whenTold: acks.whenTold,
    end() {
      acks.end();
      desk.end();
    },
  };
}
