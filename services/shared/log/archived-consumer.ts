import { keyOf } from './partition-key.ts';
import type { Batch, ConsumerHandlers, GroupConsumer, TopicPartition } from './port.ts';
import type { Recorded, RecordedPage } from './recorded.ts';

export interface ArchivedConsumerDeps {
  /** Of the log that goes on where what is recorded ends: it has the group. */
  readonly inner: GroupConsumer;
  readonly recorded: Recorded;
  /** The first offset of a partition that is recorded, and the first one after them. */
  readonly bounds: (at: TopicPartition) => { readonly first: number; readonly end: number };
  /** The offset of the next record that is appended. */
  readonly endOf: (at: TopicPartition) => Promise<number>;
}

/** Where a partition is read out of what is recorded. A seek makes a new one. */
interface Reading {
  readonly at: TopicPartition;
  position: number;
  /** While it is not, it holds nothing open, and goes on at its position. */
  paused: boolean;
}

/**
 * A member of a group of the log that goes on, which reads the recorded part of its partitions first. Partitions are read
 * beside one another, each one batch after another.
 */
export function createArchivedConsumer(deps: ArchivedConsumerDeps): GroupConsumer {
  const { inner, recorded, bounds } = deps;
  const readings = new Map<string, Reading>();
  /** By partition: the reading before, which may still have a batch under way. */
  const running = new Map<string, Promise<void>>();
  let handlers: ConsumerHandlers | undefined;
  let stopped = false;

  const isWanted = (reading: Reading): boolean =>
    !stopped && !reading.paused && readings.get(keyOf(reading.at)) === reading;

  const fail = (error: unknown): void => {
    if (stopped) return;
    readings.clear();
    handlers?.failed(error instanceof Error ? error : new Error(String(error)));
  };

  const deliver = async ({ at }: Reading, { records, next }: RecordedPage): Promise<void> => {
    if (records.length === 0) return;
    const { end } = bounds(at);
    await handlers!.batch({ ...at, records, endOffset: next < end ? end : await deps.endOf(at) });
  };

  const readAll = async (reading: Reading): Promise<void> => {
    const { at } = reading;
    const wanted = (): boolean => isWanted(reading);
    for await (const page of recorded.pages(at, reading.position, wanted)) {
      if (!wanted()) return;
      await deliver(reading, page);
      reading.position = page.next;
    }
    if (!wanted()) return;
    readings.delete(keyOf(at));
    inner.start(at, 0);
  };

  const run = (reading: Reading): void => {
    const key = keyOf(reading.at);
    const before = running.get(key) ?? Promise.resolve();
    const now = before
      .then(() => (isWanted(reading) ? readAll(reading) : undefined))
      .catch((error: unknown) => (isWanted(reading) ? fail(error) : undefined));
    running.set(key, now);
  };

  const shifted = (batch: Batch): Batch => {
    const { end } = bounds(batch);
    if (end === 0) return batch;
    const records = batch.records.map((record) => ({ ...record, offset: record.offset + end }));
    return { ...batch, records, endOffset: batch.endOffset + end };
  };

  return {
    run(given) {
      handlers = given;
      return inner.run({
        ...given,
        revoked() {
          readings.clear();
          given.revoked();
        },
        batch: (batch) => given.batch(shifted(batch)),
        caughtUp: (at, endOffset) => given.caughtUp(at, endOffset + bounds(at).end),
      });
    },
    start(at, offset) {
      if (stopped) return;
      const { first, end } = bounds(at);
      readings.delete(keyOf(at));
      if (offset >= end) return inner.start(at, offset - end);
      inner.pause(at);
      if (offset < first) return void setImmediate(() => stopped || handlers?.outOfRange(at));
      const reading: Reading = { at, position: offset, paused: false };
      readings.set(keyOf(at), reading);
      run(reading);
      return undefined;
    },
    pause(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) inner.pause(at);
      else reading.paused = true;
    },
    resume(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) return inner.resume(at);
      if (!reading.paused) return undefined;
      reading.paused = false;
      run(reading);
      return undefined;
    },
    mirror: (at, nextOffset) => inner.mirror(at, nextOffset),
    async stop() {
      stopped = true;
      readings.clear();
      await inner.stop();
      await Promise.all(running.values());
    },
  };
}
