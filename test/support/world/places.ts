import {
  parseRequeue,
  type RequeueTarget,
  requeueHeaders,
} from '../../../services/shared/control/requeue-record.ts';
import { keyOf } from '../../../services/shared/log/partition-key.ts';
import type { LogRecord, OutgoingRecord, TopicPartition } from '../../../services/shared/log/port.ts';
import type { Broker } from './broker.ts';
import type { WorldEvent } from './events.ts';
import { isRekeyTopic, readRekeyed } from './rekeyed.ts';
import type { Placed } from './repeats.ts';

/** Which event each record of the log is, in the order of the log. */
export interface Places {
  placed(at: TopicPartition): readonly Placed[];
  append(record: OutgoingRecord, event: WorldEvent, copied?: Placed['copied']): void;
  /** Appends a record again, as a person does for its dead letter. */
  requeue(at: TopicPartition, target: RequeueTarget): void;
}

export function createPlaces(broker: Broker): Places {
  const placedBy = new Map<string, Placed[]>();
  /** By place in a source's topic. */
  const originals = new Map<string, { readonly event: WorldEvent; readonly value: Buffer }>();

  const listOf = (at: TopicPartition): Placed[] => {
    const known = placedBy.get(keyOf(at));
    if (known !== undefined) return known;
    const made: Placed[] = [];
    placedBy.set(keyOf(at), made);
    return made;
  };

  /** A worker of the world appended it. */
  const read = (record: LogRecord): Placed => {
    const { offset, timestamp, headers, value } = record;
    const rekeyed = readRekeyed(record);
    const original = originals.get(`${keyOf(rekeyed)}@${rekeyed.offset}`);
    if (original === undefined || !original.value.equals(value!))
      throw new Error(
        `what ${keyOf(rekeyed)}@${rekeyed.offset} was published as should be what stands there`,
      );
    return {
      offset,
      timestamp,
      event: original.event,
      requeue: parseRequeue(headers),
      rekeyed,
      copied: null,
    };
  };

  const append = (
    record: OutgoingRecord,
    event: WorldEvent,
    requeue: Placed['requeue'] = null,
    copied: Placed['copied'] = null,
  ): void => {
    const [at] = broker.append([record]);
    const { timestamp } = broker.all(at!).at(-1)!;
    listOf(at!).push({ offset: at!.offset, timestamp, event, requeue, rekeyed: null, copied });
    originals.set(`${keyOf(at!)}@${at!.offset}`, { event, value: record.value });
  };

  return {
    placed(at) {
      const list = listOf(at);
      if (!isRekeyTopic(at.topic)) return list;
      const all = broker.all(at);
      while (list.length < all.length) list.push(read(all[list.length]!));
      return list;
    },
    append: (record, event, copied) => append(record, event, null, copied),
    requeue({ topic, partition }, target) {
      const { key, value, headers } = broker
        .all({ topic, partition })
        .find(({ offset }) => offset === target.offset)!;
      const record: OutgoingRecord = {
        topic,
        partition,
        key: key!.toString(),
        value: value!,
        headers: { ...headers, ...requeueHeaders(target) },
      };
      if (isRekeyTopic(topic)) broker.append([record]);
      else append(record, originals.get(`${keyOf({ topic, partition })}@${target.offset}`)!.event, target);
    },
  };
}
