import type { OutgoingRecord } from '../../services/shared/log/port.ts';
import { eventsTopic } from '../../services/shared/topics.ts';
import type { Random } from '../../services/standalone/demo/random.ts';
import { eventRecord } from '../support/events.ts';
import { SOURCE } from './house.ts';

/** What a reducer leaves behind, and that fails after it answered. */
export type DetachedFault = 'reject-detached' | 'throw-in-timer';

/** What is wrong with an event; see the modules of `test/support/fault-module` and `shared-module`. */
export type EventFault =
  | 'throw'
  | 'throw-after-append'
  | 'reject'
  | 'not-json'
  | 'large'
  | 'never'
  | 'spin'
  | 'throw-by-item'
  | 'throw-by-group'
  | DetachedFault;

export interface LoadRecord {
  readonly id: string;
  readonly record: OutgoingRecord;
  /** Whether it is an event, so that a second one is a duplicate. */
  readonly decodable: boolean;
}

/** Of what events are made. */
export interface Mixture {
  /** The part of the events that has one of `faults`. */
  readonly poison?: number;
  readonly faults?: readonly EventFault[];
  /** The part of the records that are no events. */
  readonly undecodable?: number;
  /** The part of the events that their clients number. */
  readonly numbered?: number;
}

export interface EventMaker {
  /** The next events, of random students; some of them are none, or have a fault. */
  make(count: number): LoadRecord[];
  /** The next one, with a given fault. */
  faulty(fault: EventFault): LoadRecord;
}

/** With what a record that is no event begins; its id follows. */
export const NO_EVENT = 'no event ';
const STUDENTS = 20;
const ITEMS = 10;
const GROUPS = 3;
const FAULTS = [
  'throw',
  'throw-after-append',
  'reject',
  'not-json',
  'large',
  'throw-by-item',
  'throw-by-group',
] as const;

/**
 * Makes events that nobody else makes: their ids begin with its name, and each student has a session of that name with
 * it. So they depend on `random` alone.
 */
export function createEventMaker(
  namespace: string,
  name: string,
  random: Random,
  mixture: Mixture,
): EventMaker {
  const { poison = 0.01, numbered = 0.5, undecodable = 0.005, faults = FAULTS } = mixture;
  /** By student: the number of the next event. */
  const sequences = new Map<string, number>();
  let made = 0;

  const someone = (): string => `student${random.between(1, STUDENTS)}`;
  const event = (fault: EventFault | undefined): LoadRecord => {
    const student = someone();
    const sequence = sequences.get(student) ?? 0;
    sequences.set(student, sequence + 1);
    const id = `${name}${made++}`;
    const item = random.between(0, ITEMS - 1);
    const fields = { id, item, group: item % GROUPS, ...(fault !== undefined && { fault }) };
    const place = random.next() < numbered ? { session: name, sequence } : {};
    const record = eventRecord({ namespace, source: SOURCE, student, id, fields, ...place });
    return { id, record, decodable: true };
  };
  /** A record that no decoder takes, which says its id for the account. */
  const noEvent = (): LoadRecord => {
    const id = `${name}${made++}`;
    const topic = eventsTopic(namespace, SOURCE);
    const record = { topic, key: someone(), value: Buffer.from(`${NO_EVENT}${id}`) };
    return { id, record, decodable: false };
  };
  const any = (): LoadRecord =>
    random.next() < undecodable ? noEvent() : event(random.next() < poison ? random.pick(faults) : undefined);

  return { make: (count) => Array.from({ length: count }, any), faulty: event };
}
