import { findHighestEnd } from '../shared/archive/chain-end.ts';
import { BLOBS_MODULE } from '../shared/blobs.ts';
import type { NumberedErasure } from '../shared/control/erasure-record.ts';
import { changesFor, type EraseArchiveDeps, eraseArchive } from '../shared/erasing/erase-archive.ts';
import { isTombstone } from '../shared/erasing/erased-record.ts';
import { erasedName, learnerHash } from '../shared/erasing/learner-hash.ts';
import { newErasure } from '../shared/erasing/new-erasure.ts';
import { keepReceipt, type Receipt, receiptName } from '../shared/erasing/receipt.ts';
import { isConcerned, isWithout } from '../shared/erasing/unit-mark.ts';
import { partitionOf } from '../shared/partition.ts';
import type { Unit } from '../shared/state/port.ts';
import { BLOBS, eventsTopic, rekeyTopic, UNCLAIMED } from '../shared/topics.ts';
import type { House } from './house.ts';
import { learnerFields } from './learner-fields.ts';
import type { Progress } from './progress.ts';
import { unitsOf } from './units.ts';

type Erasing = Pick<
  House,
  | 'namespace'
  | 'modules'
  | 'sources'
  | 'log'
  | 'state'
  | 'archive'
  | 'history'
  | 'control'
  | 'clock'
  | 'mayRun'
>;

export interface EraseRequest {
  /** The `safe_user_id`. */
  readonly learner: string;
  /** Events received before it, in microseconds since 1970; null for now. */
  readonly before: number | null;
  /** Who asks. */
  readonly user: string;
}

export interface ErasedLearner {
  /** Whether one was finished that had been decided before. */
  readonly resumed: boolean;
  readonly before: number;
  /** Units whose states have the learner still, because nobody has them just now. */
  readonly waiting: readonly Unit[];
  /** Null while there are such units. */
  readonly receipt: Receipt | null;
}

const POLL_MS = 250;
const WAIT_MS = 60_000;

const isoOfMicros = (micros: number): string => new Date(Math.floor(micros / 1_000)).toISOString();

async function concernedUnits(house: Erasing, keyHash: number): Promise<readonly Unit[]> {
  const units = await unitsOf(undefined, house);
  return units.filter((unit) => {
    const isRekey = unit.topic === rekeyTopic(house.namespace, unit.module);
    const ofModule = units.filter(({ module, topic }) => module === unit.module && topic === unit.topic);
    return isConcerned(unit, { isRekey, partitions: ofModule.length }, keyHash);
  });
}

/** One that was decided and not finished, or goes far enough; null when there is none. */
async function standing(house: Erasing, { learner, before }: EraseRequest): Promise<NumberedErasure | null> {
  const { erasures } = house.control;
  const known = erasures.of(learner);
  if (known === null) return null;
  const found = erasures.after(known.number - 1).find(({ number }) => number === known.number)!;
  if (before !== null) return found.before >= before ? found : null;
  const isFinished = (await house.archive.metadata(receiptName(found.id))) !== null;
  return isFinished ? null : found;
}

async function decide(house: Erasing, { learner, before }: EraseRequest): Promise<NumberedErasure> {
  const { control, clock } = house;
  const now = clock.now();
  const record = newErasure(control.erasures, { learner, before: before ?? now * 1_000, now });
  await control.publish(record);
  const { number } = control.erasures.of(learner)!;
  return control.erasures.after(number - 1).find((one) => one.number === number)!;
}

async function untilWithout(
  { state, clock, mayRun }: Erasing,
  units: readonly Unit[],
  number: number,
): Promise<readonly Unit[]> {
  const deadline = clock.now() + (mayRun ? WAIT_MS : 0);
  for (let waiting = units; ; await clock.sleep(POLL_MS)) {
    const done = await Promise.all(waiting.map((unit) => isWithout(state, unit, number)));
    waiting = waiting.filter((_, index) => !done[index]);
    if (waiting.length === 0 || clock.now() >= deadline) return waiting;
  }
}

/** How many events of the learner the log has that are not archived yet: archivers put tombstones of them. */
async function countInLog(house: Erasing, learner: string, name: string): Promise<number> {
  const { log, archive, namespace } = house;
  let count = 0;
  for (const source of [...house.sources, BLOBS, UNCLAIMED]) {
    const topic = eventsTopic(namespace, source);
    const partitions = (await log.partitionCount(topic)) ?? 0;
    if (partitions === 0) continue;
    const partition = partitionOf(learner, partitions);
    const range = (await log.offsets(topic)).find((one) => one.partition === partition);
    const end = await findHighestEnd(archive, { source, topic, partition });
    const from = Math.max(range?.start ?? 0, end === null ? 0 : end.range.last + 1);
    if (range === undefined || from >= range.end) continue;
    for await (const page of house.history.read({ topic, partition, from, to: range.end }))
      count += page.filter((record) => isTombstone(record) && record.key?.toString() === name).length;
  }
  return count;
}

/**
 * Erases a learner: decides it in the control topic, rewrites the archive, and waits until the owners of the units have
 * brought their states to where they are without. Services go on meanwhile. May be ended at any moment and asked again.
 */
export async function eraseLearner(
  house: Erasing,
  request: EraseRequest,
  progress: Progress,
): Promise<ErasedLearner> {
  const { namespace, archive, log, control, clock } = house;
  await control.caughtUp();
  const before = await standing(house, request);
  const counted = await learnerFields(house, request.learner);
  const erasure = before ?? (await decide(house, request));
  const { id, salt, number } = erasure;
  const hash = learnerHash(salt, request.learner);
  const deps: EraseArchiveDeps = {
    archive,
    erasures: control.erasures,
    namespace,
    partitionCount: (topic) => log.partitionCount(topic),
    now: clock.now,
    onTotal: progress.expect,
    onObject: () => progress.done(1),
  };
  await eraseArchive(deps, erasure);
  const units = await concernedUnits(house, erasure.keyHash);
  const waiting = await untilWithout(house, units, number);
  const outcome = { resumed: before !== null, before: erasure.before, waiting };
  if (waiting.length > 0) return { ...outcome, receipt: null };
  const changes = await changesFor(deps, erasure);
  const objects = changes.map(({ name, from, to, erased }) => ({
    name,
    before: from.sha256,
    after: to.sha256,
    erased: erased[hash]!,
  }));
  const blobs = counted.filter(({ module }) => module.startsWith(`${BLOBS_MODULE}.`)).length;
  const kept = await keepReceipt(archive, {
    version: 1,
    erasure: id,
    namespace,
    learner: { salt, hash },
    before: isoOfMicros(erasure.before),
    requestedBy: request.user,
    requestedAt: new Date(erasure.created).toISOString(),
    completedAt: new Date(clock.now()).toISOString(),
    events: {
      archived: objects.reduce((sum, { erased }) => sum + erased, 0),
      inLog: await countInLog(house, request.learner, erasedName(hash)),
    },
    objects,
    states: counted.length - blobs,
    blobs,
    units: units.length,
  });
  return { ...outcome, receipt: kept };
}
