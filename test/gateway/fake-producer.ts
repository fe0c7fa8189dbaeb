import { createEventCodec, type Envelope } from '../../services/shared/event.ts';
import type { OutgoingRecord, Producer } from '../../services/shared/log/port.ts';

const codec = createEventCodec();

interface Written extends Envelope {
  readonly topic: string;
  readonly clientFields: Record<string, unknown>;
  readonly metadataFields: Record<string, unknown>;
}

/** A log in memory that can be held and made to fail. */
export interface FakeLog {
  readonly producer: Pick<Producer, 'send'>;
  readonly sends: OutgoingRecord[][];
  written(): Written[];
  /** Sends wait until `release`. */
  hold(): void;
  release(): void;
  /** The next sends fail, having written nothing, or everything. */
  failNext(count: number, having?: 'nothing' | 'everything'): void;
  attempts(): number;
}

export function createFakeLog(): FakeLog {
  const sends: OutgoingRecord[][] = [];
  let attempts = 0;
  let failing = 0;
  let failingHaving: 'nothing' | 'everything' = 'nothing';
  let gate: { promise: Promise<void>; open: () => void } | undefined;
  return {
    producer: {
      async send(records) {
        attempts++;
        await gate?.promise;
        const fails = failing > 0;
        if (fails) failing--;
        if (!fails || failingHaving === 'everything') sends.push([...records]);
        if (fails) throw new Error('the log is away');
        return records.map(({ topic }, offset) => ({ topic, partition: 0, offset }));
      },
    },
    sends,
    written: () =>
      sends.flat().map(({ topic, key, value }) => {
        const decoded = codec.decode(value);
        if (decoded.kind !== 'ok') throw new Error(decoded.reason);
        if (decoded.value.key !== key) throw new Error('the record has another key than its envelope');
        return {
          ...decoded.value,
          topic,
          clientFields: JSON.parse(decoded.value.client) as Record<string, unknown>,
          metadataFields: JSON.parse(decoded.value.metadata) as Record<string, unknown>,
        };
      }),
    hold() {
      let open: () => void = () => undefined;
      const promise = new Promise<void>((resolve) => {
        open = resolve;
      });
      gate = { promise, open };
    },
    release() {
      gate?.open();
      gate = undefined;
    },
    failNext(count, having = 'nothing') {
      failing = count;
      failingHaving = having;
    },
    attempts: () => attempts,
  };
}
