import { type PartitionInventory, takeInventory } from '../shared/archive/inventory.ts';
import type { ArchiveStore } from '../shared/archive/port.ts';
import { LecternError } from '../shared/errors.ts';
import type { PartitionOffsets } from '../shared/log/port.ts';
import type { Module } from '../shared/module.ts';
import { controlTopic, eventsTopic, rekeyTopic, sourceOfTopic } from '../shared/topics.ts';
import { archivedRange } from './archived-range.ts';
import type { TimeRange } from './needed.ts';

/** What of an archive is to be replayed; what is left out is no part of the history that is folded. */
export interface ReplayFilters extends TimeRange {
  /** Of the module's; all of them unless told. */
  readonly sources?: readonly string[];
  readonly students?: readonly string[];
}

export interface PlannedTopic {
  readonly topic: string;
  /** By partition, from 0 on. */
  readonly partitions: readonly PartitionOffsets[];
}

/** What a replay reads, fixed when it begins: an archive that grows meanwhile changes nothing. */
export interface ReplayPlan {
  readonly namespace: string;
  /** Of the module's sources, as far as anything of them is archived. */
  readonly sources: readonly PlannedTopic[];
  /** Those that follow from events, or from people: read as a whole. */
  readonly others: readonly PlannedTopic[];
  /** Of the topics, as far as the archive tells. */
  readonly partitions: number;
}

export interface PlanOptions {
  readonly archive: ArchiveStore;
  readonly module: Module;
  readonly filters: ReplayFilters;
  /** When it is not given, the only one that the archive has. */
  readonly namespace?: string | undefined;
  /** Of the namespace's topics; unless told, as many as the archive has records of. */
  readonly partitions?: number | undefined;
}

function sourcesOf({ module, filters }: PlanOptions): readonly string[] {
  const sources = filters.sources ?? module.contexts;
  const unknown = sources.filter((source) => !module.contexts.includes(source));
  if (unknown.length === 0) return sources;
  throw new LecternError(
    'CONFIG_INVALID',
    `--source: ${unknown.join(', ')}: ${module.name} reduces no such source; it has ${module.contexts.join(', ')}`,
  );
}

/** The namespace whose topics are meant, of those that the archive has. */
function namespaceOf({ namespace }: PlanOptions, source: string, found: readonly string[]): string | null {
  const known = [...new Set(found)].sort();
  if (namespace !== undefined || known.length === 0) return namespace ?? null;
  if (known.length === 1) return known[0]!;
  throw new LecternError(
    'CONFIG_INVALID',
    `LECTERN_NAMESPACE: the archive has events of ${source} in ${known.join(', ')}: name the one that is meant`,
  );
}

function nothingArchived(sources: readonly string[], namespace: string | null): LecternError {
  const where = namespace === null ? '' : ` in the namespace ${namespace} (LECTERN_NAMESPACE)`;
  return new LecternError(
    'CONFIG_INVALID',
    `nothing is archived of ${sources.join(', ')}${where}: lectern archive ls shows what is`,
  );
}

/** Finds what the archive holds of what is asked for. Throws HISTORY_GAP, CONFIG_INVALID or ARCHIVE_BROKEN. */
export async function planReplay(options: PlanOptions): Promise<ReplayPlan> {
  const { archive, module, filters } = options;
  const asked = sourcesOf(options);
  const inventories = new Map<string, readonly PartitionInventory[]>();
  let namespace: string | null = options.namespace ?? null;
  for (const source of asked) {
    const { partitions } = await takeInventory(archive, source);
    inventories.set(source, partitions);
    const suffix = eventsTopic('', source);
    const found = partitions.flatMap(({ of: { topic } }) =>
      topic.endsWith(suffix) ? [topic.slice(0, -suffix.length)] : [],
    );
    namespace ??= namespaceOf(options, source, found);
  }

  const planned = async (topic: string, time: TimeRange): Promise<PlannedTopic[]> => {
    const source = sourceOfTopic(namespace!, topic);
    const all = inventories.get(source) ?? (await takeInventory(archive, source)).partitions;
    const ours = all.filter(({ of }) => of.topic === topic);
    if (ours.length === 0) return [];
    const count = 1 + Math.max(...ours.map(({ of }) => of.partition));
    const partitions: PartitionOffsets[] = Array.from({ length: count }, (_, partition) => ({
      partition,
      start: 0,
      end: 0,
    }));
    for (const one of ours) partitions[one.of.partition] = await archivedRange(archive, one, time);
    return [{ topic, partitions }];
  };
  const plannedAll = async (topics: readonly string[], time: TimeRange): Promise<PlannedTopic[]> => {
    const all: PlannedTopic[] = [];
    for (const topic of topics) all.push(...(await planned(topic, time)));
    return all;
  };

  if (namespace === null) throw nothingArchived(asked, null);
  const ns = namespace;
  const sources = await plannedAll(
    asked.map((source) => eventsTopic(ns, source)),
    filters,
  );
  if (sources.length === 0) throw nothingArchived(asked, ns);
  // In which order events stand under their other keys, only this topic tells. Of a time range it is made anew: it has
  // its own times.
  const isTimed = filters.since !== undefined || filters.until !== undefined;
  const rekeyed = module.rekeyed && !isTimed ? [rekeyTopic(ns, module.id)] : [];
  const others = await plannedAll([controlTopic(ns), ...rekeyed], {});
  const counts = [...sources, ...others].map(({ partitions }) => partitions.length);
  return { namespace: ns, sources, others, partitions: options.partitions ?? Math.max(...counts) };
}
