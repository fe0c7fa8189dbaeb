import type { LeftOut } from '../../services/shared/control/port.ts';
import type { LogRecord, OutgoingRecord } from '../../services/shared/log/port.ts';
import { createDecoder, type DecodedEvent } from '../../services/worker/decode.ts';
import type { Item } from '../../services/worker/intake.ts';
import type { Marks } from '../../services/worker/rekey-gate.ts';
import { originOf } from '../../services/worker/rekey-origin.ts';
import { createRekeySource } from '../../services/worker/rekey-source.ts';
import { eventRecord } from './events.ts';

/** What a source unit does with items one by one, with a publisher that takes down what it is given. */

export const SOURCE = { topic: 'n.events.a', partition: 4 };
export const PARTITIONS = 3;
export const KEYS = ['k0', 'k1', 'k2', 'k3', 'k4', 'k5'];

const decoder = createDecoder();
const decode = (record: LogRecord) => decoder(record, false);

function event(offset: number): DecodedEvent {
  const { key, value } = eventRecord({ namespace: 'n', source: 'a', student: 's' });
  const decoded = decode({ offset, timestamp: 1, key: Buffer.from(key), value, headers: {} });
  if (decoded.kind !== 'ok') throw new Error(decoded.reason);
  return decoded;
}

export function item(offset: number, given: Partial<Item> = {}): Item {
  const of = event(offset);
  return {
    offset,
    timestamp: 1,
    id: of.envelope.id,
    event: of,
    refusal: null,
    requeued: null,
    keys: [],
    counted: null,
    origin: null,
    ...given,
  };
}

interface SourceHouseOptions {
  readonly keys?: () => readonly string[];
  readonly marks?: Marks;
  readonly open?: readonly string[];
  readonly verdicts?: readonly string[];
  readonly room?: Promise<void>;
  readonly fold?: () => Promise<void> | undefined;
}

export function createSourceHouse({
  keys = () => KEYS,
  marks = [],
  open = [],
  verdicts = [],
  room,
  fold,
}: SourceHouseOptions = {}) {
  const taken: { readonly offset: number; readonly record: OutgoingRecord }[] = [];
  const folded: Item[] = [];
  const asked: number[] = [];
  let acknowledge: (below: number) => Promise<void> = async () => undefined;
  let closed = false;
  const source = createRekeySource({
    module: { name: 'm' },
    source: SOURCE,
    rekeyTopic: 'n.rekey.m.v1',
    partitions: PARTITIONS,
    rekey: keys,
    marks,
    publisher: {
      take(offset, records) {
        taken.push(...records.map((record) => ({ offset, record })));
        return room;
      },
      acknowledged(below) {
        asked.push(below);
        return acknowledge(below);
      },
      close() {
        closed = true;
      },
    },
    letters: { isOpen: (reducer, offset) => open.includes(`${reducer}@${offset}`) },
    verdicts: {
      of: (reducer, offset) => (verdicts.includes(`${reducer}@${offset}`) ? ({} as LeftOut) : undefined),
    },
  });
  const reduce = source.reduce({
    item(one) {
      folded.push(one);
      return fold?.();
    },
    refused: () => undefined,
    settled: () => 0,
  });
  return {
    source,
    reduce,
    taken,
    folded,
    asked,
    closed: () => closed,
    setAcknowledge(next: (below: number) => Promise<void>) {
      acknowledge = next;
    },
    published: () =>
      taken.map(({ record }) => `${record.key}:${originOf(record.headers!)!.n}@${record.partition}`),
  };
}
