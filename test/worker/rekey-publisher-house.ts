import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { createRekeyPublisher, type RekeyPublisher } from '../../services/worker/rekey-publisher.ts';

/** A publisher whose sends are answered by the test. */

/** A send that waits for the test to answer it. */
export interface Sending {
  readonly keys: readonly string[];
  answer(): Promise<void>;
  fail(): Promise<void>;
}

export interface PublisherHouse {
  readonly publisher: RekeyPublisher;
  readonly sendings: readonly Sending[];
  /** What was told that is waited for. */
  readonly told: readonly (string | null)[];
  /** Lets ten seconds pass. */
  later(): void;
  /** How long was waited between attempts, in milliseconds. */
  readonly waits: readonly number[];
  /** What each event was answered, in their order. */
  readonly rooms: readonly (Promise<void> | undefined)[];
  /** Takes events of one record each, at the offsets from `first` on. */
  takeAll(keys: readonly string[], first?: number, bytes?: number): void;
}

/** Lets everything happen that waits for nothing else. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const record = (key: string, bytes = 10): OutgoingRecord => ({
  topic: 't',
  key,
  value: Buffer.alloc(bytes),
});

export function createHouse(): PublisherHouse {
  const sendings: Sending[] = [];
  const waits: number[] = [];
  const told: (string | null)[] = [];
  const timers = new Set<() => void>();
  const rooms: (Promise<void> | undefined)[] = [];
  const publisher = createRekeyPublisher({
    producer: {
      send: (records) =>
        new Promise((resolve, reject) => {
          sendings.push({
            keys: records.map(({ key }) => key),
            answer() {
              resolve([]);
              return settle();
            },
            fail() {
              reject(new Error('the broker is away'));
              return settle();
            },
          });
        }),
    },
    clock: {
      sleep: async (ms) => void waits.push(ms),
      every(_, action) {
        timers.add(action);
        return () => timers.delete(action);
      },
    },
    topic: 'n.rekey.m.v1',
    waits: (what) => told.push(what),
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  return {
    publisher,
    sendings,
    told,
    later() {
      for (const action of [...timers]) action();
    },
    waits,
    rooms,
    takeAll(keys, first = 0, bytes = 10) {
      for (const [index, key] of keys.entries()) {
        const room = publisher.take(first + index, [record(key, bytes)]);
        room?.catch(() => undefined);
        rooms.push(room);
      }
    },
  };
}

/** What has become of a promise by now: the error when it was rejected. */
export async function fateOf(promise: Promise<void> | undefined): Promise<unknown> {
  let fate: unknown = 'pending';
  Promise.resolve(promise).then(
    () => {
      fate = 'done';
    },
    (error: unknown) => {
      fate = error;
    },
  );
  await settle();
  return fate;
}
