import type { ArchiveStore } from '../shared/archive/port.ts';
import { createFilter } from '../shared/history/filter.ts';
import { createHistory } from '../shared/history/history.ts';
import type { LogRecord, PartitionOffsets, TopicPartition } from '../shared/log/port.ts';
import type { Recorded, RecordedPage } from '../shared/log/recorded.ts';
import { controlTopic } from '../shared/topics.ts';
import type { ReplayFilters, ReplayPlan } from './plan.ts';
import { createRekeyFilter } from './rekey-filter.ts';

export interface ArchiveRecordsDeps {
  readonly archive: ArchiveStore;
  readonly plan: ReplayPlan;
  readonly filters: ReplayFilters;
}

/** So that a record which is kept keeps none of those beside it that were left out. */
const ownMemory = (record: LogRecord): LogRecord => ({
  ...record,
  value: record.value === null ? null : Buffer.from(record.value),
});

type Passes = (record: LogRecord) => boolean;

/** By topic; null where all is wanted, as what people decided always is. */
function filterOf(
  { sources, namespace }: ReplayPlan,
  filters: ReplayFilters,
): (topic: string) => Passes | null {
  const { since, until, students } = filters;
  const ofSources = createFilter({
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(students === undefined ? {} : { keys: new Set(students) }),
  });
  const ofRekeyed = createRekeyFilter(filters, namespace);
  const isSource = new Set(sources.map(({ topic }) => topic));
  const isEverything = [since, until, students, filters.sources].every((filter) => filter === undefined);
  return (topic) => {
    if (isEverything || topic === controlTopic(namespace)) return null;
    return isSource.has(topic) ? ofSources : ofRekeyed;
  };
}

/**
 * What a plan names, out of the archive. All that are read share room for archive objects, 64 MiB, or one object, and
 * whoever waits has its turn.
 */
export function createArchiveRecords({ archive, plan, filters }: ArchiveRecordsDeps): Recorded {
  const planned = [...plan.sources, ...plan.others];
  const ranges = new Map(planned.map(({ topic, partitions }) => [topic, partitions]));
  const passes = filterOf(plan, filters);
  // As a log that has lost everything: so history is what the archive holds.
  const log = {
    offsets: async (topic: string): Promise<readonly PartitionOffsets[]> =>
      (ranges.get(topic) ?? []).map(({ partition, end }) => ({ partition, start: end, end })),
    async *read() {},
  };
  const history = createHistory({ log, archive, namespace: plan.namespace });

  return {
    ranges,
    async *pages(at: TopicPartition, from: number, wanted: () => boolean): AsyncGenerator<RecordedPage> {
      const end = ranges.get(at.topic)?.[at.partition]?.end ?? 0;
      const filter = passes(at.topic);
      if (from >= end) return;
      for await (const page of history.archived(at, from, { wanted, waits: () => undefined })) {
        const next = page.at(-1)!.offset + 1;
        const within = next <= end ? page : page.filter(({ offset }) => offset < end);
        const records = filter === null ? within : within.filter(filter).map(ownMemory);
        yield { records, next: Math.min(next, end) };
        if (next >= end) return;
      }
    },
  };
}
