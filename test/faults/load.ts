import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, Producer } from '../../services/shared/log/port.ts';
import { randomFor } from './chance.ts';
import type { House } from './house.ts';
import {
  createEventMaker,
  type EventFault,
  type EventMaker,
  type LoadRecord,
  type Mixture,
} from './make-events.ts';

export interface LoadOptions extends Mixture {
  /** The same one makes the same events in the same order, whatever is sent in the background meanwhile. */
  readonly seed: number;
}

/** Sends events as gateways do, and keeps the account of what was acknowledged. */
export interface Load {
  /** How often each event, by its id, was acknowledged. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** How often each was sent besides: the log refused it, or kept it without being able to say so. */
  readonly unanswered: ReadonlyMap<string, number>;
  /** New events of random students, in requests of 100. */
  send(count: number): Promise<void>;
  /** One event with a given fault. */
  sendFaulty(fault: EventFault): Promise<void>;
  /** Sends events of its own until the returned function is called, which resolves when all is acknowledged. */
  keepSending(): () => Promise<void>;
  /** Records as they are; their ids are counted too. Returns when they are acknowledged. */
  append(records: readonly LoadRecord[]): Promise<void>;
  /** New events, not sent yet. */
  make(count: number): LoadRecord[];
  close(): Promise<void>;
}

const REQUEST = 100;
const PAUSE_MS = 20;
const GIVE_UP_MS = 60_000;

export async function createLoad(
  house: Pick<House, 'namespace'> & { readonly log: Pick<EventLog, 'createProducer'> },
  { seed, ...mixture }: LoadOptions,
): Promise<Load> {
  const producer: Producer = await house.log.createProducer();
  const acknowledged = new Map<string, number>();
  const unanswered = new Map<string, number>();
  const maker = (name: string): EventMaker =>
    createEventMaker(house.namespace, name, randomFor(seed, `events ${name}`), mixture);
  const own = maker('e');
  let senders = 0;

  const count = (counts: Map<string, number>, records: readonly LoadRecord[]): void => {
    for (const { id } of records) counts.set(id, (counts.get(id) ?? 0) + 1);
  };
  const append = async (records: readonly LoadRecord[]): Promise<void> => {
    for (const deadline = Date.now() + GIVE_UP_MS; ; ) {
      try {
        await producer.send(records.map(({ record }) => record));
        return count(acknowledged, records);
      } catch (error) {
        if (Date.now() >= deadline) throw error;
        count(unanswered, records);
        await sleep(PAUSE_MS);
      }
    }
  };

  return {
    acknowledged,
    unanswered,
    async send(count) {
      for (let sent = 0; sent < count; sent += REQUEST)
        await append(own.make(Math.min(REQUEST, count - sent)));
    },
    sendFaulty: (fault) => append([own.faulty(fault)]),
    keepSending() {
      let going = true;
      // How many it sends is a matter of time, so they come from a maker of their own.
      const { make } = maker(`background${senders++}-`);
      const sending = (async () => {
        while (going) {
          await append(make(REQUEST));
          await sleep(PAUSE_MS);
        }
      })();
      // Whoever stops it hears of it.
      sending.catch(() => undefined);
      return () => {
        going = false;
        return sending;
      };
    },
    append,
    make: own.make,
    close: () => producer.close(),
  };
}
