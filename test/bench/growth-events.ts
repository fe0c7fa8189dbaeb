import { partitionOf } from '../../services/shared/partition.ts';
import { printFigure } from './figure.ts';
import { costOf, type GrowthSize, printSpread, reduceAll } from './growth-cost.ts';
import { type House, PARTITIONS } from './house.ts';
import { studentName } from './load.ts';

const PAYLOAD_BYTES = 150;
/** Who warms up the append-only states. */
const OTHERS = 5_000;
/** Of the oldest keys, one of each partition: what each window but the first ones measures is a tenth of their events. */
const WINDOWS = 10;
/** How many keys of each partition the windows of few events a key take, and what part of all events each key gets. */
const YOUNG = [
  { keys: 10, part: 100 },
  { keys: 100, part: 1_000 },
];
const bench = 'growth';

/** Some traffic: so many events on keys in turn. */
interface Stage {
  readonly students: readonly number[];
  readonly perKey: number;
}

/** The first students of whom each partition has so many, one partition after the other. */
function ofEachPartition(count: number): number[] {
  const found = Array.from({ length: PARTITIONS }, (): number[] => []);
  for (let student = 0; found.some((own) => own.length < count); student++) {
    const own = found[partitionOf(studentName(student), PARTITIONS)]!;
    if (own.length < count) own.push(student);
  }
  return Array.from(
    { length: count * PARTITIONS },
    (_, n) => found[n % PARTITIONS]![Math.floor(n / PARTITIONS)]!,
  );
}

/**
 * Eight keys with `perKey` events each, then ten times as many with a hundredth of that, then a hundred times as many with
 * a thousandth. The young keys come last, when everything is compiled: what an event costs more on an old key shows.
 */
function stagesOf(perKey: number): Stage[] {
  const old = { keys: 1, part: 1 };
  const stages = [old, ...YOUNG];
  const students = ofEachPartition(stages.reduce((sum, { keys }) => sum + keys, 0));
  return stages.map(({ keys, part }) => ({
    students: students.splice(0, keys * PARTITIONS),
    perKey: perKey / part,
  }));
}

/**
 * Append-only states that grow with every event. `events_of_a_key_<n>_cpu` is what an event costs on keys that had up to n
 * of them, each over equally many events: those of the first hundred and thousand (of 100,000) are of more keys, and
 * those of 10,000 to 100,000 of eight keys, each a tenth. More keys are more fields of a checkpoint, which is in the cost
 * of young keys: a few percent of it.
 */
export async function eventsOfAKey(
  house: House,
  perKey: number,
  { warmUp, runs }: GrowthSize,
): Promise<void> {
  const stages = stagesOf(perKey);
  const traffic = stages.flatMap(({ students, perKey: each }) =>
    Array.from({ length: each }, () => students).flat(),
  );
  const most = Math.max(...stages.flatMap(({ students }) => students)) + 1;
  const loaded = await house.load({
    source: 'bench.events_of_a_key',
    events: warmUp + traffic.length,
    students: most + OTHERS,
    pick: (event) => (event < warmUp ? most + (event % OTHERS) : traffic[event - warmUp]!),
    payloadBytes: PAYLOAD_BYTES,
    sessions: true,
  });
  const made = { by: 'appending', with: 1, reducers: 1 } as const;
  const measured = await reduceAll(house, 'events_of_a_key', loaded, made, runs);

  const events = (perKey * PARTITIONS) / WINDOWS;
  const old = Array.from({ length: WINDOWS }, (_, index) =>
    costOf(measured, warmUp + index * events, events),
  );
  const young = YOUNG.map((_, index) => costOf(measured, warmUp + (WINDOWS + index) * events, events));
  const print = (of: number, value: number): void =>
    printFigure({ bench, figure: `events_of_a_key_${of}_cpu`, value, unit: 'us' });
  for (const [index, { part }] of [...YOUNG.entries()].reverse()) print(perKey / part, young[index]!);
  for (const index of [0, WINDOWS - 1]) print(((index + 1) * perKey) / WINDOWS, old[index]!);
  printSpread('events_of_a_key_worst_to_best', [...young, ...old]);
}
