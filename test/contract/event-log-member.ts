import type { Batch, EventLog, GroupConsumer, TopicPartition } from '../../services/shared/log/port.ts';

/** A group member that writes down all that happens to it. */
export interface Member {
  readonly consumer: GroupConsumer;
  /** `assigned` and `revoked`, in the order of the calls. */
  readonly calls: readonly string[];
  /** The partitions of the current assignment, sorted; of one topic, or of all. */
  assigned(topic?: string): readonly number[];
  readonly batches: readonly Batch[];
  /** The texts of a partition's records in the order of arrival; of all partitions without one. */
  texts(partition?: number): readonly string[];
  /** The end offsets that `caughtUp` told of a partition. */
  caughtUp(partition: number): readonly number[];
  readonly failures: readonly Error[];
}

export interface MemberOptions {
  readonly groupId: string;
  readonly topic: string;
  /** Topics besides that one. */
  readonly others?: readonly string[];
  /** The offset from which to read a partition; null leaves it for the test to start. */
  readonly startAt?: (at: TopicPartition) => number | null;
  /** Runs within the handler of a batch. */
  readonly onBatch?: (batch: Batch) => Promise<void> | void;
  /** How a batch in hand gets on. */
  readonly progress?: (at: TopicPartition) => number;
}

export async function joinGroup(log: EventLog, options: MemberOptions): Promise<Member> {
  const { groupId, topic, others = [], startAt = () => 0, onBatch } = options;
  const consumer = log.createConsumer({ groupId, topics: [topic, ...others] });
  const calls: string[] = [];
  const batches: Batch[] = [];
  const failures: Error[] = [];
  const ends: { readonly partition: number; readonly endOffset: number }[] = [];
  let assigned: readonly TopicPartition[] = [];
  await consumer.run({
    assigned(partitions) {
      calls.push('assigned');
      assigned = partitions;
      for (const at of partitions) {
        const offset = startAt(at);
        if (offset !== null) consumer.start(at, offset);
      }
    },
    revoked() {
      calls.push('revoked');
      assigned = [];
    },
    async batch(batch) {
      batches.push(batch);
      await onBatch?.(batch);
    },
    ...(options.progress === undefined ? {} : { progress: options.progress }),
    caughtUp: ({ partition }, endOffset) => void ends.push({ partition, endOffset }),
    outOfRange: ({ partition }) => void calls.push(`outOfRange ${partition}`),
    failed: (error) => void failures.push(error),
  });
  return {
    consumer,
    calls,
    batches,
    failures,
    assigned: (of) =>
      assigned
        .filter((at) => of === undefined || at.topic === of)
        .map(({ partition }) => partition)
        .sort((a, b) => a - b),
    texts: (partition) =>
      batches
        .filter((batch) => partition === undefined || batch.partition === partition)
        .flatMap((batch) => batch.records.map(({ value }) => String(value))),
    caughtUp: (partition) =>
      ends.filter((end) => end.partition === partition).map(({ endOffset }) => endOffset),
  };
}
