import { setTimeout as sleep } from 'node:timers/promises';
import type { Unit } from '../../services/shared/state/port.ts';
import { parseStateField } from '../../services/shared/state-key.ts';
import { appendListState } from '../../services/shared/state-types/append-list.ts';
import { partField } from '../../services/shared/state-types/part-field.ts';
import { type BenchModule, type House, type Loaded, PARTITIONS } from './house.ts';
import type { Tally } from './load.ts';
import type { WorkerProcess } from './worker-process.ts';

const LOOK_MS = 20;
const DEADLINE_MS = 300_000;
const INTERNAL = 'Internal,';
/** The field that only names of parts have. */
const PART = 'PART';

function unitsOf(module: BenchModule, topic: string): Unit[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => ({ module: module.id, topic, partition }));
}

/** How many events of the topic are in the module's stored states. */
export async function storedEvents(house: House, module: BenchModule, topic: string): Promise<number> {
  const positions = await Promise.all(unitsOf(module, topic).map((unit) => house.state.position(unit)));
  return positions.reduce((sum, position) => sum + (position?.next ?? 0), 0);
}

/** Resolves when every event is in the stored states of every module. Rejects when a worker ends before. */
export async function allStored(
  house: House,
  modules: readonly BenchModule[],
  loaded: Pick<Loaded, 'topic' | 'events'>,
  workers: readonly WorkerProcess[],
): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (const module of modules)
    for (;;) {
      const stored = await storedEvents(house, module, loaded.topic);
      if (stored === loaded.events) break;
      for (const worker of workers) worker.assertRunning();
      if (Date.now() > deadline)
        throw new Error(`${module.id} stored ${stored} of ${loaded.events} events in ${DEADLINE_MS} ms`);
      await sleep(LOOK_MS);
    }
}

/** Every state of a module, as `[reducer id, student, what queries see]`, heads of lists put together with their parts. */
async function* plainStates(
  house: House,
  module: BenchModule,
  topic: string,
): AsyncIterable<readonly [string, string, unknown]> {
  for (const unit of unitsOf(module, topic)) {
    const texts = new Map<string, string>();
    for await (const page of house.state.entries(unit))
      for (const { field, value } of page) if (field.startsWith(INTERNAL)) texts.set(field, value);
    for (const [field, text] of texts) {
      const { reducerId, values } = parseStateField(field);
      if (values[PART] !== undefined) continue;
      const plain = module.lists ? plainList(texts, reducerId, field, text) : text;
      yield [reducerId, values.STUDENT!, JSON.parse(plain)];
    }
  }
}

function plainList(
  texts: ReadonlyMap<string, string>,
  reducerId: string,
  field: string,
  head: string,
): string {
  const key = field.slice(`${INTERNAL}${reducerId},`.length);
  const parts = Array.from(
    { length: appendListState.partRange(head).to },
    (_, index) => texts.get(partField(reducerId, key, index)) ?? null,
  );
  return appendListState.plain(head, parts);
}

/** A list of what was seen of each event says the same as a tally, if it is in order. */
function tallyOf(plain: unknown): Tally {
  if (!Array.isArray(plain)) return plain as Tally;
  const inOrder = plain.every(({ sequence }, index) => sequence === index);
  return { count: inOrder ? plain.length : -1, last: plain.at(-1)?.type };
}

/** Throws, naming the first that is wrong, unless every reducer had every event of every student exactly once. */
export async function assertExact(
  house: House,
  module: BenchModule,
  loaded: Pick<Loaded, 'topic' | 'tallies'>,
): Promise<void> {
  let found = 0;
  for await (const [reducerId, student, plain] of plainStates(house, module, loaded.topic)) {
    found += 1;
    const { count, last } = tallyOf(plain);
    const right = loaded.tallies.get(student);
    if (count !== right?.count || last !== right.last)
      throw new Error(
        `${reducerId} has ${count} events, the last ${last}, of ${student}, where the load gives ${JSON.stringify(right)}`,
      );
  }
  const expected = loaded.tallies.size * module.reducers;
  if (found !== expected)
    throw new Error(`${module.id} has ${found} states, where the load gives ${expected}`);
}
