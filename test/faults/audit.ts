import assert from 'node:assert/strict';
import { parseCopy } from '../../services/shared/dead-letter-copy.ts';
import { isSessionField } from '../../services/shared/state-key.ts';
import { deadLettersTopic } from '../../services/shared/topics.ts';
import { collect } from '../support/collect.ts';
import { waitFor } from '../support/wait.ts';
import { type Folded, foldPartition } from './fold.ts';
import { type House, MODULE, SOURCE } from './house.ts';
import type { Load } from './load.ts';
import { type HistoryRecord, readRecords } from './records.ts';
import { NOTHING, type Totals } from './totals.ts';

const SETTLE_MS = 90_000;
const LAST_LINES = 15;

const unitOf = ({ topic }: House, partition: number) => ({ module: MODULE, topic, partition });

async function behind(house: House): Promise<string[]> {
  const ends = await house.log.offsets(house.topic);
  const positions = await Promise.all(
    ends.map(({ partition }) => house.state.position(unitOf(house, partition))),
  );
  return ends.flatMap(({ partition, end }, index) => {
    const { next, target } = positions[index] ?? { next: null, target: null };
    const isThere = (next ?? 0) === end && (end === 0 || next! >= (target ?? 0));
    return isThere ? [] : [`partition ${partition} is at ${next} of ${end}`];
  });
}

/** Waits until everything that the log holds is in the states. */
export async function settled(house: House): Promise<void> {
  let last: readonly string[] = [];
  const isSettled = async (): Promise<boolean> => {
    last = await behind(house);
    return last.length === 0;
  };
  await waitFor(isSettled, { timeoutMs: SETTLE_MS, intervalMs: 50 }).catch((cause) => {
    const said = house.programs.map((program) => program.lines().slice(-LAST_LINES).join('\n'));
    throw new Error(`the states are not complete: ${last.join('; ')}; last lines:\n${said.join('\n---\n')}`, {
      cause,
    });
  });
}

type Account = Pick<Load, 'acknowledged' | 'unanswered'>;

/** Each acknowledged event is kept as often as it was acknowledged, and perhaps where nothing was answered. */
function assertKept(records: readonly HistoryRecord[], { acknowledged, unanswered }: Account): void {
  const kept = new Map<string, number>();
  for (const { event } of records) if (event !== null) kept.set(event.id, (kept.get(event.id) ?? 0) + 1);
  const wrong = [...acknowledged].filter(([id, times]) => {
    const found = kept.get(id) ?? 0;
    return found < times || found > times + (unanswered.get(id) ?? 0);
  });
  assert.equal(wrong.length, 0, `${wrong.length} events are not kept as acknowledged, such as ${wrong[0]}`);
  assert.equal(kept.size, acknowledged.size, 'there are events that nobody was told of');
}

async function assertStates(house: House, partition: number, folded: Folded): Promise<void> {
  const stored = await collect(house.state.entries(unitOf(house, partition)));
  const found = new Map(
    stored
      .filter(({ field }) => !isSessionField(field))
      .map(({ field, value }) => [field, JSON.parse(value)]),
  );
  const wrong = [...new Set([...folded.states.keys(), ...found.keys()])].filter((field) => {
    const state = folded.states.get(field);
    return JSON.stringify(state) !== JSON.stringify(found.get(field));
  });
  const [first] = wrong;
  if (first === undefined) return;
  throw new Error(
    `partition ${partition}: ${wrong.length} of ${folded.states.size} states are wrong, such as ${first}: ` +
      `${JSON.stringify(found.get(first))} instead of ${JSON.stringify(folded.states.get(first))}`,
  );
}

async function assertLetters(house: House, partition: number, folded: Folded): Promise<void> {
  const keys = await house.state.deadLetterKeys(unitOf(house, partition));
  const open = keys.map(({ reducer, offset }) => `${reducer}@${offset}`);
  assert.deepEqual(open.sort(), [...folded.letters].sort(), `the dead letters of partition ${partition}`);
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

/**
 * Waits until everything is folded, and fails unless every acknowledged event is kept, every state is what an independent
 * fold of archive and log comes to, and every dead letter is accounted for.
 */
export async function audit(house: House, load: Account): Promise<Totals> {
  await settled(house);
  const partitions = await readRecords({ ...house, source: SOURCE });
  assertKept([...partitions.values()].flat(), load);
  const letters = new Set<string>();
  let acknowledged = 0;
  for (const times of load.acknowledged.values()) acknowledged += times;
  const totals = { ...NOTHING, acknowledged };
  for (const [partition, records] of partitions) {
    const folded = foldPartition(records);
    await assertStates(house, partition, folded);
    await assertLetters(house, partition, folded);
    for (const letter of folded.letters) letters.add(`${MODULE}/${house.topic}/${partition}/${letter}`);
    totals.records += records.length;
    totals.duplicates += folded.duplicates;
    totals.folded += folded.folded;
    totals.deadLetters += folded.letters.size;
    totals.states += folded.states.size;
  }
  await assertCopies(house, letters);
  return totals;
}
