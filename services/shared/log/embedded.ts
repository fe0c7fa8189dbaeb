import type { EmbeddedEnv } from '../embedded.ts';
import { LecternError } from '../errors.ts';
import { partitionOf } from '../partition.ts';
import { createEmbeddedConsumer } from './embedded-consumer.ts';
import { createGroups } from './embedded-group.ts';
import { createMirrors } from './embedded-mirrors.ts';
import type { EmbeddedLog } from './embedded-port.ts';
import { createRecords, type Place } from './embedded-records.ts';
import { createTopics, type Topic } from './embedded-topics.ts';
import { findOffsetAt, trimRecords } from './embedded-trim.ts';
import { keyOf } from './partition-key.ts';
import type { Appended, Batch, GroupConsumer, OutgoingRecord, TopicPartition } from './port.ts';

export interface EmbeddedLogOptions {
  readonly env: EmbeddedEnv;
}

/** Room for the largest frame in its envelope. */
const MAX_VALUE_BYTES = 4 * 1024 * 1024;

/** The records of one send that go to one partition, and where each of them stands in the send. */
interface Share {
  readonly at: TopicPartition;
  readonly place: Place;
  readonly records: OutgoingRecord[];
  readonly indexes: number[];
}

function shareOut(records: readonly OutgoingRecord[], topicOf: (name: string) => Topic): Share[] {
  const shares = new Map<string, Share>();
  for (const [index, record] of records.entries()) {
    const { topic, key, value } = record;
    if (value.length > MAX_VALUE_BYTES)
      throw new RangeError(`a record of ${topic} has ${value.length} bytes, more than ${MAX_VALUE_BYTES}`);
    const { id, partitions } = topicOf(topic);
    const partition = record.partition ?? partitionOf(key, partitions);
    const name = keyOf({ topic, partition });
    if (!shares.has(name))
      shares.set(name, {
        at: { topic, partition },
        place: { topicId: id, partition },
        records: [],
        indexes: [],
      });
    shares.get(name)!.records.push(record);
    shares.get(name)!.indexes.push(index);
  }
  return [...shares.values()];
}

/**
 * `EventLog` in the LMDB environment of a data directory, for all services in one process. A record is seen by nobody
 * before it is on disk; all the sends that wait at one moment share a commit. It removes nothing by itself.
 */
export function createEmbeddedLog({ env }: EmbeddedLogOptions): EmbeddedLog {
  const topics = createTopics(env);
  const records = createRecords(env);
  const mirrors = createMirrors(env);
  const groups = createGroups((topic) => topics.get(topic).partitions);
  const listeners = new Set<(at: TopicPartition) => void>();
  const consumers = new Set<GroupConsumer>();
  let closed = false;

  const assertOpen = (): void => {
    if (closed || !env.isOpen()) throw new LecternError('CLOSED', 'the log is closed');
  };
  const write = async <T>(action: () => T): Promise<T> => {
    assertOpen();
    try {
      return await env.transaction(action);
    } catch (error) {
      const fault = await env.faultOf(error);
      if (fault === null) throw error;
      throw new LecternError('LOG_UNAVAILABLE', fault.message, { cause: error, retriable: true });
    }
  };
  const placeOf = ({ topic, partition }: TopicPartition): Place => {
    const { id, partitions } = topics.get(topic);
    if (partition < 0 || partition >= partitions)
      throw new LecternError('UNKNOWN_TOPIC', `topic ${topic} has no partition ${partition}`);
    return { topicId: id, partition };
  };
  const bounds = (at: TopicPartition) => {
    const place = placeOf(at);
    return { start: records.start(place), end: records.end(place) };
  };
  const fetch = (at: TopicPartition, position: number): Batch | null | 'lost' => {
    const place = placeOf(at);
    const endOffset = records.end(place);
    if (position >= endOffset) return null;
    const page = records.page(place, position, endOffset);
    // Offsets have no gaps but where records were removed.
    return page[0]?.offset === position ? { ...at, records: page, endOffset } : 'lost';
  };

  const send = async (sent: readonly OutgoingRecord[]): Promise<readonly Appended[]> => {
    assertOpen();
    const shares = shareOut(sent, topics.get);
    const firsts = await write(() => shares.map((share) => records.append(share.place, share.records)));
    const places = new Array<Appended>(sent.length);
    for (const [index, { at, indexes }] of shares.entries()) {
      for (const [nth, sentIndex] of indexes.entries())
        places[sentIndex] = { ...at, offset: firsts[index]! + nth };
      for (const listener of listeners) listener(at);
    }
    return places;
  };

  return {
    async ensureTopics(specs) {
      await write(() => topics.ensure(specs));
    },
    async begin(begun) {
      await write(() => {
        topics.make(begun.map(({ name, partitions }) => ({ name, partitions: partitions.length })));
        for (const { name: topic, partitions } of begun)
          for (const [partition, { start, timestamp, records: first }] of partitions.entries()) {
            const place = placeOf({ topic, partition });
            records.begin(place, start, timestamp);
            if (first.length > 0)
              records.append(
                place,
                first.map((record) => ({ ...record, topic })),
              );
          }
      });
    },
    trim: (at, below) => trimRecords({ records, write }, placeOf(at), below),
    offsetAt: (at, time) => findOffsetAt(records, placeOf(at), time),
    partitionCount: async (topic) => topics.find(topic)?.partitions ?? null,
    async offsets(topic) {
      const { partitions } = topics.get(topic);
      return Array.from({ length: partitions }, (_, partition) => ({
        partition,
        ...bounds({ topic, partition }),
      }));
    },
    mirrored: async (groupId, topic) => mirrors.read(groupId, topic),
    async retentionMs(topic) {
      topics.get(topic);
      return null;
    },
    async createProducer() {
      assertOpen();
      let ended = false;
      return {
        async send(sent) {
          if (ended) throw new LecternError('CLOSED', 'the producer is closed');
          return sent.length === 0 ? [] : send(sent);
        },
        async close() {
          ended = true;
        },
      };
    },
    createConsumer({ groupId, topics: subscribed }) {
      const consumer: GroupConsumer = createEmbeddedConsumer({
        groupId,
        topics: subscribed,
        groups,
        requireTopic: topics.get,
        bounds,
        fetch,
        onAppended(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        onStopped: () => consumers.delete(consumer),
        mirror: (at, nextOffset) => write(() => mirrors.put(groupId, at, nextOffset)),
      });
      consumers.add(consumer);
      return consumer;
    },
    async *read({ topic, partition, from, to }) {
      const place = placeOf({ topic, partition });
      const { start, end } = bounds({ topic, partition });
      if (from < start || to > end)
        throw new LecternError(
          'OFFSET_OUT_OF_RANGE',
          `${topic}/${partition} holds offsets ${start} to ${end}, not ${from} to ${to}`,
        );
      for (let next = from; next < to; ) {
        const page = records.page(place, next, to);
        if (page[0]?.offset !== next)
          throw new LecternError(
            'OFFSET_OUT_OF_RANGE',
            `offsets of ${topic}/${partition} from ${next} on were removed while they were read`,
          );
        yield page;
        next = page.at(-1)!.offset + 1;
      }
    },
    async check() {
      if (closed || !env.isOpen()) throw new LecternError('LOG_UNAVAILABLE', 'the log is closed');
    },
    async close() {
      closed = true;
      for (const consumer of consumers) await consumer.stop();
    },
  };
}
