import type { ArchiveStore } from '../shared/archive/port.ts';
import { createEmbeddedState } from '../shared/state/embedded.ts';
import type { DeadLetterKey, StateStore } from '../shared/state/port.ts';
import { rekeyTopic } from '../shared/topics.ts';
import { createArchiveRecords } from './archive-records.ts';
import { checkPartitions } from './check-partitions.ts';
import { type FoldRecordedDeps, foldRecorded } from './fold-recorded.ts';
import { type PlanOptions, planReplay, type ReplayPlan } from './plan.ts';
import { unitTopics } from './stores.ts';
import { openWorkDir, type ReplayIdentity } from './work-dir.ts';
import { writeStates } from './write-states.ts';

type Folding = Omit<FoldRecordedDeps, 'recorded' | 'partitions' | 'namespace' | 'env'>;

export interface ReplayToFileDeps extends Folding, PlanOptions {
  readonly archive: ArchiveStore;
  /** Which archive it is, for people and for the next run. */
  readonly archiveName: string;
  /** The only one whose states are wanted: its name or id. */
  readonly reducer?: string | undefined;
  /** Where the file is to be. */
  readonly out: string;
  /** A folder for what an interrupted replay goes on from. */
  readonly work: string;
  /** Called before anything is read, with how many records there are to read. */
  readonly onPlan: (plan: ReplayPlan, records: number, resumed: boolean) => void;
}

/** Dead letters of a reducer, without what they say: that may be about learners. */
export interface Refused {
  readonly reducer: string;
  readonly count: number;
  /** The place of one of them. */
  readonly at: string;
}

export type Replayed =
  | { readonly kind: 'done'; readonly states: number; readonly refused: readonly Refused[] }
  | { readonly kind: 'interrupted' };

const NOT_GIVEN = 'everything';

function identityOf(deps: ReplayToFileDeps): ReplayIdentity {
  const { archiveName, module, reducer, filters, namespace, partitions } = deps;
  const time = (ms: number | undefined): string =>
    ms === undefined ? NOT_GIVEN : new Date(ms).toISOString();
  const names = (list: readonly string[] | undefined): string => list?.toSorted().join(',') ?? NOT_GIVEN;
  return {
    archive: archiveName,
    namespace: namespace ?? NOT_GIVEN,
    module: module.id,
    reducer: reducer ?? NOT_GIVEN,
    'what it reduces': module.hash,
    from: time(filters.since),
    to: time(filters.until),
    source: names(filters.sources),
    student: names(filters.students),
    partitions: partitions === undefined ? NOT_GIVEN : String(partitions),
  };
}

async function refusedIn(
  state: Pick<StateStore, 'deadLetterKeys'>,
  units: Iterable<{ readonly module: string; readonly topic: string; readonly partition: number }>,
): Promise<readonly Refused[]> {
  const found = new Map<string, Refused>();
  for (const unit of units)
    for (const { reducer, offset } of (await state.deadLetterKeys(unit)) as readonly DeadLetterKey[]) {
      const at = found.get(reducer)?.at ?? `${unit.topic}/${unit.partition}@${offset}`;
      found.set(reducer, { reducer, count: (found.get(reducer)?.count ?? 0) + 1, at });
    }
  return [...found.values()].sort((a, b) => (a.reducer < b.reducer ? -1 : 1));
}

async function checkedPlan(deps: PlanOptions): Promise<ReplayPlan> {
  const plan = await planReplay(deps);
  const records = createArchiveRecords({ archive: deps.archive, plan, filters: {} });
  await checkPartitions(records, rekeyTopic(plan.namespace, deps.module.id), plan.partitions);
  return plan;
}

/**
 * Folds what an archive holds of a module's events, as the filters say, and writes the states into a file. What is folded
 * is kept in the work folder, so that after an interruption of any kind the same call goes on from there; when the file is
 * written, nothing of it is left.
 */
export async function replayToFile(deps: ReplayToFileDeps): Promise<Replayed> {
  const { archive, module, out } = deps;
  const work = await openWorkDir(deps.work, identityOf(deps), () => checkedPlan(deps));
  const { plan, env } = work;
  let outcome: Replayed = { kind: 'interrupted' };
  try {
    const recorded = createArchiveRecords({ archive, plan, filters: deps.filters });
    const ranges = [...recorded.ranges.values()].flat();
    deps.onPlan(
      plan,
      ranges.reduce((sum, { start, end }) => sum + end - start, 0),
      work.resumed,
    );
    const { namespace, partitions } = plan;
    const isWhole = await foldRecorded({ ...deps, recorded, partitions, namespace, env });
    if (isWhole) {
      const state = createEmbeddedState({ env });
      const topics = unitTopics(module, namespace);
      const partitionsOf = (topic: string): number =>
        Math.max(partitions, recorded.ranges.get(topic)?.length ?? 0);
      const units = topics.flatMap((topic) =>
        Array.from({ length: partitionsOf(topic) }, (_, partition) => ({
          module: module.id,
          topic,
          partition,
        })),
      );
      const reducers = module.reducers.filter(
        ({ name, id }) => deps.reducer === undefined || [name, id].includes(deps.reducer),
      );
      const states = await writeStates({ state, reducers, units, folder: work.scratch }, out);
      outcome = { kind: 'done', states, refused: await refusedIn(state, units) };
    }
  } finally {
    await work.close();
  }
  if (outcome.kind === 'done') await work.remove();
  return outcome;
}
