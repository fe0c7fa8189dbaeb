import { setTimeout as sleep } from 'node:timers/promises';
import type { OutgoingRecord, Producer } from '../../services/shared/log/port.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import type { Random } from '../../services/standalone/demo/random.ts';
import { eventRecord } from '../support/events.ts';
import { type House, SOURCE } from './house.ts';

/** What a reducer leaves behind, and that fails after it answered. */
export type DetachedFault = 'reject-detached' | 'throw-in-timer';

/** What is wrong with an event; see the module of `test/support/fault-module`. */
export type EventFault =
  | 'throw'
  | 'throw-after-append'
  | 'reject'
  | 'not-json'
  | 'large'
  | 'never'
  | 'spin'
  | DetachedFault;

export interface LoadOptions {
  readonly random: Random;
  /** The part of the events that has one of `faults`. */
  readonly poison?: number;
  readonly faults?: readonly EventFault[];
  /** The part of the records that are no events. */
  readonly undecodable?: number;
  /** The part of the events that their clients number. */
  readonly numbered?: number;
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
  /** Sends until the returned function is called, which resolves when all is acknowledged. */
  keepSending(): () => Promise<void>;
  /** Records as they are; their ids are counted too. Returns when they are acknowledged. */
  append(records: readonly LoadRecord[]): Promise<void>;
  /** New events, not sent yet. */
  make(count: number): LoadRecord[];
  close(): Promise<void>;
}

export interface LoadRecord {
  readonly id: string;
  readonly record: OutgoingRecord;
  /** Whether it is an event, so that a second one is a duplicate. */
  readonly decodable: boolean;
}

/** With what a record that is no event begins; its id follows. */
export const NO_EVENT = 'no event ';
const STUDENTS = 20;
const ITEMS = 10;
const REQUEST = 100;
const PAUSE_MS = 20;
const GIVE_UP_MS = 60_000;

/** A record that no decoder takes, which says its id for the account. */
function noEvent({ namespace }: House, id: string, student: string): LoadRecord {
  const topic = eventsTopic(namespace, SOURCE);
  return { id, record: { topic, key: student, value: Buffer.from(`${NO_EVENT}${id}`) }, decodable: false };
}

export async function createLoad(house: House, options: LoadOptions): Promise<Load> {
  const { random, poison = 0.01, numbered = 0.5 } = options;
  const { undecodable = 0.005 } = options;
  const { faults = ['throw', 'throw-after-append', 'reject', 'not-json', 'large'] } = options;
  const producer: Producer = await house.log.createProducer();
  const acknowledged = new Map<string, number>();
  const unanswered = new Map<string, number>();
  /** By student: the number of the next event. */
  const sequences = new Map<string, number>();
  let made = 0;

  const makeOne = (fault: EventFault | undefined): LoadRecord => {
    const student = `student${random.between(1, STUDENTS)}`;
    const sequence = sequences.get(student) ?? 0;
    sequences.set(student, sequence + 1);
    const id = `e${made++}`;
    const fields = { id, item: random.between(0, ITEMS - 1), ...(fault !== undefined && { fault }) };
    const place = random.next() < numbered ? { session: 'tab', sequence } : {};
    const record = eventRecord({
      namespace: house.namespace,
      source: SOURCE,
      student,
      id,
      fields,
      ...place,
    });
    return { id, record, decodable: true };
  };
  const makeAny = (): LoadRecord =>
    random.next() < undecodable
      ? noEvent(house, `e${made++}`, `student${random.between(1, STUDENTS)}`)
      : makeOne(random.next() < poison ? random.pick(faults) : undefined);
  const make = (count: number): LoadRecord[] => Array.from({ length: count }, makeAny);
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
  const send = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += REQUEST) await append(make(Math.min(REQUEST, count - sent)));
  };

  return {
    acknowledged,
    unanswered,
    send,
    sendFaulty: (fault) => append([makeOne(fault)]),
    keepSending() {
      let going = true;
      const sending = (async () => {
        while (going) {
          await send(REQUEST);
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
    make,
    close: () => producer.close(),
  };
}
