import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { parseCopy } from '../../services/shared/dead-letter-copy.ts';
import type { Unit } from '../../services/shared/state/port.ts';
import { deadLettersTopic } from '../../services/shared/topics.ts';
import { collect } from '../support/collect.ts';
import { waitFor } from '../support/wait.ts';
import { archived } from './archived.ts';
import { type Folded, foldHealthy, foldPartition } from './fold.ts';
import { foldShared, type Partitions, readRekeyed } from './fold-shared.ts';
import { HEALTHY, type House, MODULE, SHARED } from './house.ts';
import type { Load } from './load.ts';
import { NO_EVENT } from './make-events.ts';
import { type HistoryRecord, readRecords } from './records.ts';
import { settled } from './settled.ts';
import { readStates } from './stored.ts';
import { NOTHING, type Totals } from './totals.ts';
import { readVerdicts } from './verdicts.ts';

type Account = Pick<Load, 'acknowledged' | 'unanswered'>;

/** As the load counts it. */
function idOf({ event, value }: HistoryRecord): string {
  return event?.id ?? value.toString().replace(NO_EVENT, '');
}

/** Each acknowledged event is kept as often as it was acknowledged, and perhaps where nothing was answered. */
function assertKept(records: readonly HistoryRecord[], { acknowledged, unanswered }: Account): void {
  const kept = new Map<string, number>();
  for (const record of records) kept.set(idOf(record), (kept.get(idOf(record)) ?? 0) + 1);
  const wrong = [...acknowledged].filter(([id, times]) => {
    const found = kept.get(id) ?? 0;
    return found < times || found > times + (unanswered.get(id) ?? 0);
  });
  assert.equal(wrong.length, 0, `${wrong.length} events are not kept as acknowledged, such as ${wrong[0]}`);
  assert.equal(kept.size, acknowledged.size, 'there are events that nobody was told of');
}

/** Each event is published once under each of its keys, or again where that is seen. */
function assertPlaces(found: readonly string[], wanted: ReadonlySet<string>): void {
  const times = new Map<string, number>();
  for (const place of found) times.set(place, (times.get(place) ?? 0) + 1);
  const wrong = [...new Set([...wanted, ...found])].filter(
    (place) => (times.get(place) ?? 0) !== (wanted.has(place) ? 1 : 0),
  );
  assert.equal(
    wrong.length,
    0,
    `${wrong.length} places under other keys are not there once, such as ${wrong[0]}`,
  );
}

async function assertStates(house: House, unit: Unit, folded: Pick<Folded, 'states'>): Promise<void> {
  const found = await readStates(house, unit);
  const wrong = [...new Set([...folded.states.keys(), ...found.keys()])].filter((field) => {
    const state = folded.states.get(field);
    return !isDeepStrictEqual(state, found.get(field));
  });
  const [first] = wrong;
  if (first === undefined) return;
  throw new Error(
    `partition ${unit.partition} of ${unit.module}: ${wrong.length} of ${folded.states.size} states are wrong, such as ${first}: ` +
      `${JSON.stringify(found.get(first))} instead of ${JSON.stringify(folded.states.get(first))}`,
  );
}

async function assertLetters(house: House, unit: Unit, folded: Pick<Folded, 'letters'>): Promise<void> {
  const keys = await house.state.deadLetterKeys(unit);
  const open = keys.map(({ reducer, offset }) => `${reducer}@${offset}`);
  assert.deepEqual(
    open.sort(),
    [...folded.letters].sort(),
    `the dead letters of partition ${unit.partition} of ${unit.module}`,
  );
}

/** Each dead letter has a copy in its topic, and nothing else has one. */
async function assertCopies(house: House, letters: ReadonlySet<string>): Promise<void> {
  const topic = deadLettersTopic(house.namespace);
  const copied = async (): Promise<string[]> => {
    const [at] = await house.log.offsets(topic);
    if (at === undefined || at.end === 0) return [];
    const records = await collect(house.log.read({ topic, partition: 0, from: at.start, to: at.end }));
    return [...new Set(records.map(({ value }) => parseCopy(value)!.id))].sort();
  };
  const wanted = [...letters].sort();
  let found: readonly string[] = [];
  await waitFor(
    async () => {
      found = await copied();
      return found.length >= wanted.length;
    },
    { timeoutMs: 20_000, intervalMs: 200, message: 'every dead letter is copied' },
  ).catch(() => undefined);
  assert.deepEqual(found, wanted, 'the copies of dead letters');
}

/** By partition: the events that were left out because something failed that their reducers had not waited for. */
async function detached(house: House): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const found = new Map<number, Set<string>>();
  for (const { why, module, partition, reducer, offset } of await readVerdicts(house)) {
    if (why !== 'detached' || module !== MODULE) continue;
    const names = found.get(partition) ?? new Set();
    found.set(partition, names.add(`${reducer}@${offset}`));
  }
  return found;
}

/** A unit, and what must be stored of it. */
type Expected = readonly [unit: Unit, folded: Pick<Folded, 'states' | 'letters'>];

/** What the units of the module must have whose states students share. Fails where the topic between them is not as it must be. */
async function expectShared(
  house: House,
  sources: Partitions,
): Promise<{ readonly expected: readonly Expected[]; readonly folded: number }> {
  const { topic, rekeyTopic: rekey } = house;
  const shared = foldShared(sources);
  const found = readRekeyed(await readRecords({ ...house, topic: rekey }));
  assertPlaces(found.places, shared.places);
  const expected = [...sources.keys()].flatMap((partition): Expected[] => [
    [{ module: SHARED, topic, partition }, shared.sources.get(partition)!],
    [
      { module: SHARED, topic: rekey, partition },
      { states: shared.states.get(partition)!, letters: found.letters.get(partition)! },
    ],
  ]);
  return { expected, folded: shared.folded };
}

/** Fails where what is kept is not what was acknowledged, and answers how many events were, each time that they were sent. */
export type CheckKept = (partitions: Partitions) => number;

/**
 * Waits until everything is folded, and fails unless every acknowledged event is kept, every state is what an independent
 * fold of archive and log comes to, and every dead letter is accounted for.
 */
export function audit(house: House, load: Account): Promise<Totals> {
  return auditBy(house, (partitions) => {
    assertKept([...partitions.values()].flat(), load);
    let acknowledged = 0;
    for (const times of load.acknowledged.values()) acknowledged += times;
    return acknowledged;
  });
}

/** The same of a load that has an account of its own. */
export async function auditBy(house: House, checkKept: CheckKept): Promise<Totals> {
  await settled(house);
  await archived(house);
  const { topic } = house;
  const partitions = await readRecords(house);
  const acknowledged = checkKept(partitions);
  const leftOut = await detached(house);
  const shared = await expectShared(house, partitions);
  const expected = [...shared.expected];
  const totals = { ...NOTHING, acknowledged, folded: shared.folded };
  for (const [partition, records] of partitions) {
    const healthy = foldHealthy(records);
    const faulty = foldPartition(records, leftOut.get(partition));
    expected.push(
      [{ module: HEALTHY, topic, partition }, healthy],
      [{ module: MODULE, topic, partition }, faulty],
    );
    totals.records += records.length;
    totals.duplicates += healthy.duplicates;
    totals.folded += healthy.folded + faulty.folded;
  }
  const letters = new Set<string>();
  for (const [unit, folded] of expected) {
    await assertStates(house, unit, folded);
    await assertLetters(house, unit, folded);
    for (const letter of folded.letters)
      letters.add(`${unit.module}/${unit.topic}/${unit.partition}/${letter}`);
    totals.deadLetters += folded.letters.size;
    totals.states += folded.states.size;
  }
  await assertCopies(house, letters);
  return totals;
}
