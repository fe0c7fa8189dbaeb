import { createArchivedConsumer } from './archived-consumer.ts';
import type { Appended, EventLog, PartitionOffsets, TopicPartition } from './port.ts';
import type { Recorded } from './recorded.ts';

export interface ArchivedLogDeps {
  readonly recorded: Recorded;
  /**
   * Goes on where what is recorded ends: it has the same topics, and its offset 0 is the first one that is not recorded.
   * Closed with this one.
   */
  readonly inner: EventLog;
}

const NOTHING = { first: 0, end: 0 };

/**
 * `EventLog` whose partitions begin with what is recorded of them elsewhere, and go on in another log: so whoever reads a
 * log reads an archive, and may append to what has been read. `inner` has the topics and their groups; mirrored offsets
 * and `resume` are as there.
 */
export function createArchivedLog({ recorded, inner }: ArchivedLogDeps): EventLog {
  const bounds = ({ topic, partition }: TopicPartition): { readonly first: number; readonly end: number } => {
    const range = recorded.ranges.get(topic)?.[partition];
    return range === undefined ? NOTHING : { first: range.start, end: range.end };
  };
  const offsets = async (topic: string): Promise<readonly PartitionOffsets[]> =>
    (await inner.offsets(topic)).map(({ partition, start, end }) => {
      const { first, end: base } = bounds({ topic, partition });
      return { partition, start: base > first ? first : base + start, end: base + end };
    });
  const endOf = async ({ topic, partition }: TopicPartition): Promise<number> =>
    (await offsets(topic))[partition]!.end;

  async function* recordedUpTo(at: TopicPartition, from: number, to: number) {
    for await (const { records, next } of recorded.pages(at, from, () => true)) {
      const wanted = records.filter(({ offset }) => offset < to);
      if (wanted.length > 0) yield wanted;
      if (next >= to) return;
    }
  }

  return {
    ...inner,
    offsets,
    async createProducer() {
      const producer = await inner.createProducer();
      return {
        async send(records) {
          const placed = await producer.send(records);
          return placed.map(
            ({ offset, ...at }): Appended => ({
              ...at,
              offset: offset === null ? null : offset + bounds(at).end,
            }),
          );
        },
        close: () => producer.close(),
      };
    },
    createConsumer: (options) =>
      createArchivedConsumer({ inner: inner.createConsumer(options), recorded, bounds, endOf }),
    async *read({ from, to, ...at }) {
      const { first, end } = bounds(at);
      if (from >= first && from < end) yield* recordedUpTo(at, from, to);
      // What nobody holds is refused there.
      const next = from < first ? from : Math.max(from, end);
      if (to > end || next < end)
        for await (const page of inner.read({ ...at, from: next - end, to: to - end }))
          yield page.map((record) => ({ ...record, offset: record.offset + end }));
    },
  };
}
