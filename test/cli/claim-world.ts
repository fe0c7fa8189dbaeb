import { setImmediate as turn } from 'node:timers/promises';
import type { House } from '../../services/cli/house.ts';
import { createDecidedClaims } from '../../services/shared/control/decided-claims.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { createEventCodec } from '../../services/shared/event.ts';
import type { EventLog, OutgoingRecord } from '../../services/shared/log/port.ts';
import { eventsTopic, UNCLAIMED } from '../../services/shared/topics.ts';
import { copiedFrom } from '../../services/shared/unclaimed/copy-headers.ts';
import { eventRecord } from '../support/events.ts';
import { type Broker, createBroker } from '../support/world/broker.ts';

/** A log, a control topic and gateways in memory, and claims that are ended at any step. */

const NAMESPACE = 'n';
export const LATE = 'org.late';
const PARTITIONS = 2;
const WAITING = eventsTopic(NAMESPACE, UNCLAIMED);
const OWN = eventsTopic(NAMESPACE, LATE);
const PAGE = 3;

/** What becomes of the step at which a claim is ended: nothing, all of it, or all of it some steps later. */
export type Fate = 'lost' | 'arrived' | 'late';

export interface Ending {
  /** Counts sends and control records of the claim. */
  readonly step: number;
  readonly fate: Fate;
}

type Claiming = Pick<House, 'namespace' | 'sources' | 'log' | 'history' | 'control' | 'clock' | 'mayRun'>;

export interface ClaimWorld {
  readonly broker: Broker;
  readonly log: Pick<EventLog, 'offsets' | 'read'>;
  /** As a command sees it, which is ended at a step; never when none is given. */
  house(ending?: Ending): Claiming;
  /** What a gateway does that knows of all claims, or of none. */
  append(student: string, source: string, count: number, knows: boolean): void;
  /** What was on its way arrives. */
  arrive(): void;
  /** The numbers of the late source's events that count, in the order of its topic, by student. */
  counted(): ReadonlyMap<string, readonly number[]>;
  /** How many records the late source's topic has. */
  readonly records: number;
  /** Of the late source, by student: how many were appended. */
  readonly appended: ReadonlyMap<string, number>;
  readonly isSwitched: boolean;
}

const codec = createEventCodec();

export function createClaimWorld(): ClaimWorld {
  const broker = createBroker(() => 0);
  broker.createTopic(WAITING, PARTITIONS);
  const decided = createDecidedClaims();
  const appended = new Map<string, number>();
  let onTheWay: (() => void)[] = [];
  const isSwitched = (): boolean => decided.claims.get(LATE)?.switched === true;

  let latency = 0;

  const house = (ending?: Ending): Claiming => {
    let steps = 0;
    const act = async (effect: () => void): Promise<void> => {
      // One takes longer than another: what is not waited for comes out of order.
      latency = (latency + 3) % 4;
      for (let turns = 0; turns <= latency; turns++) await turn();
      if (ending === undefined || steps < ending.step) {
        steps += 1;
        return effect();
      }
      if (ending.fate === 'arrived') effect();
      if (ending.fate === 'late') onTheWay.push(effect);
      throw new Error('the command was ended');
    };
    const log = {
      ensureTopics: (topics: readonly { name: string; partitions: number }[]) =>
        act(() => {
          for (const { name, partitions } of topics)
            if (!broker.topics.has(name)) broker.createTopic(name, partitions);
        }),
      offsets: async (topic: string) => broker.offsets(topic),
      createProducer: async () => ({
        async send(records: readonly OutgoingRecord[]) {
          await act(() => void broker.append(records));
          return [];
        },
        close: async () => undefined,
      }),
    };
    return {
      namespace: NAMESPACE,
      sources: [],
      log: log as unknown as House['log'],
      history: {
        start: async () => 0,
        conflict: async () => null,
        async *archived() {},
        async *read({ from, to, ...at }) {
          for (let next = from; next < to; ) {
            await turn();
            const page = broker.read(at, next, PAGE).filter(({ offset }) => offset < to);
            if (page.length === 0) return;
            yield page;
            next = page.at(-1)!.offset + 1;
          }
        },
      },
      control: {
        claims: decided.claims,
        caughtUp: async () => undefined,
        publish: (record: ControlRecord) => act(() => decided.take(record as never)),
      } as unknown as House['control'],
      clock: { now: () => 0, sleep: async () => undefined, every: () => () => undefined },
      mayRun: true,
    };
  };

  return {
    broker,
    log: {
      offsets: async (topic) => broker.offsets(topic),
      async *read({ from, to, ...at }) {
        yield broker.read(at, from, to - from);
      },
    },
    house,
    append(student, source, count, knows) {
      for (let n = 0; n < count; n++) {
        const number = appended.get(student) ?? 0;
        const record = eventRecord({ namespace: NAMESPACE, source, student, fields: { number } });
        const topic = source === LATE && knows && isSwitched() ? OWN : WAITING;
        broker.append([{ ...record, topic }]);
        if (source === LATE) appended.set(student, number + 1);
      }
    },
    arrive() {
      const arriving = onTheWay;
      onTheWay = [];
      for (const effect of arriving) effect();
    },
    counted() {
      const counted = new Map<string, number[]>();
      for (let partition = 0; partition < (broker.topics.get(OWN) ?? 0); partition++) {
        const marks = new Map<number, number>();
        for (const { value, headers } of broker.all({ topic: OWN, partition })) {
          const from = copiedFrom(headers);
          if (from !== null && from.offset <= (marks.get(from.partition) ?? -1)) continue;
          if (from !== null) marks.set(from.partition, from.offset);
          const decoded = codec.decode(value!);
          if (decoded.kind !== 'ok' || decoded.value.source !== LATE) throw new Error('not of the source');
          const { number } = JSON.parse(decoded.value.client) as { number: number };
          const { key } = decoded.value;
          counted.set(key, [...(counted.get(key) ?? []), number]);
        }
      }
      return counted;
    },
    get records() {
      if (!broker.topics.has(OWN)) return 0;
      return broker.offsets(OWN).reduce((sum, { end }) => sum + end, 0);
    },
    appended,
    get isSwitched() {
      return isSwitched();
    },
  };
}
