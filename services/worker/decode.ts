import type { Envelope, EventCodec } from '../shared/event.ts';
import type { LogRecord } from '../shared/log/port.ts';
import type { LearningEvent } from '../shared/reducer-api.ts';

/** An event of a batch. */
export interface DecodedEvent {
  readonly offset: number;
  readonly student: string;
  readonly bytes: number;
  /** To look for keys in, before any reducer has it. */
  readonly client: LearningEvent['client'];
  /**
   * The event in objects that nobody else has. Every reducer gets its own: one that keeps a part of the event in its
   * state, and changes that state in place, must change nothing for others, nor for a fold that is made again.
   */
  fresh(): LearningEvent;
}

export type DecodedRecord =
  | ({ readonly kind: 'ok' } & DecodedEvent)
  | { readonly kind: 'deadLetter'; readonly reason: string };

function toEvent({ client, server, metadata, receivedAt }: Envelope): LearningEvent {
  return {
    client: JSON.parse(client) as LearningEvent['client'],
    server: { ...(JSON.parse(server) as object), time: receivedAt / 1e6 },
    metadata: JSON.parse(metadata) as LearningEvent['metadata'],
  };
}

/** Turns a record of an events topic into what reducers receive. What is not one of our events is a dead letter. */
export function createDecoder(codec: EventCodec): (record: LogRecord) => DecodedRecord {
  return ({ value, offset }) => {
    if (value === null) return { kind: 'deadLetter', reason: 'the record has no value' };
    const decoded = codec.decode(value);
    if (decoded.kind !== 'ok') return decoded;
    const envelope = decoded.value;
    try {
      const parsed = toEvent(envelope);
      let first: LearningEvent | undefined = parsed;
      return {
        kind: 'ok',
        offset,
        student: envelope.key,
        bytes: value.length,
        client: parsed.client,
        fresh() {
          const event = first ?? toEvent(envelope);
          first = undefined;
          return event;
        },
      };
    } catch (error) {
      return { kind: 'deadLetter', reason: `a part of the event is not JSON: ${(error as Error).message}` };
    }
  };
}
