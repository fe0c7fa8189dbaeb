import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEventCodec } from '../../services/shared/event.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { collect } from '../support/collect.ts';
import { type LiveHouse, openLiveHouse, record } from './live-house.ts';
import { A, B, replayModule } from './module.ts';
import { replay } from './replayed.ts';
import { statesIn, type Told } from './told.ts';

// A class whose events came at three times, some of them twice.

const module = replayModule({ refuses: () => false, hangs: () => false });
const codec = createEventCodec();
let live: LiveHouse;
/** When the second and the third part began. */
const times: number[] = [];

const later = async (): Promise<void> => {
  const before = Date.now();
  while (Date.now() < before + 5) await new Promise(setImmediate);
  times.push(Date.now());
  while (Date.now() < before + 10) await new Promise(setImmediate);
};

beforeAll(async () => {
  live = await openLiveHouse(module);
  const all = Array.from({ length: 300 }, (_, n) => record({ n }));
  await live.send(all.slice(0, 100));
  await later();
  await live.send(all.slice(100, 200));
  await live.send(all.slice(90, 110));
  await live.settled();
  await later();
  await live.send(all.slice(200));
  await live.settled();
  await live.archiveAll();
}, 60_000);

afterAll(() => live.close());

/** The chain over events of one source in one partition after another, without those that came twice within them. */
async function foldOf(
  source: string,
  wanted: (record: LogRecord) => boolean,
): Promise<Record<string, string>> {
  const { log } = live.house;
  const chains = new Map<string, { count: number; chain: number }>();
  const seen = new Set<string>();
  const topic = `school.events.${source}`;
  for (const { partition, end } of await log.offsets(topic))
    for (const one of await collect(log.read({ topic, partition, from: 0, to: end }))) {
      if (!wanted(one)) continue;
      const decoded = codec.decode(one.value!);
      if (decoded.kind !== 'ok') throw new Error(decoded.reason);
      const { id, key, client } = decoded.value;
      if (seen.has(id)) continue;
      seen.add(id);
      const { n } = JSON.parse(client) as { n: number };
      const { count, chain } = chains.get(key) ?? { count: 0, chain: 7 };
      chains.set(key, { count: count + 1, chain: (Math.imul(chain, 31) + n + 1) | 0 });
    }
  return Object.fromEntries([...chains].map(([key, state]) => [key, JSON.stringify(state)]));
}

const own = (told: Told): Record<string, string> =>
  Object.fromEntries(
    Object.entries(told).flatMap(([name, { internal }]) => {
      const key = /^told.own (.*)$/.exec(name)?.[1];
      return key === undefined ? [] : [[(JSON.parse(key) as { STUDENT: string }).STUDENT, internal]];
    }),
  );

const countOf = (told: Told, reducer: string): number =>
  Object.entries(told)
    .filter(([name]) => name.startsWith(`${reducer} `))
    .reduce((sum, [, { internal }]) => sum + (JSON.parse(internal) as { count: number }).count, 0);

test.each([
  ['from a time on', () => ({ since: times[0]! })],
  ['before a time', () => ({ until: times[1]! })],
  ['between two', () => ({ since: times[0]!, until: times[1]! })],
])('%s, states are the fold of the events of that time', async (_, range) => {
  const { since = 0, until = Number.POSITIVE_INFINITY }: { since?: number; until?: number } = range();
  const within = ({ timestamp }: LogRecord): boolean => timestamp >= since && timestamp < until;
  const { told, outcome } = await replay({ dir: live.dir, module, filters: range() });
  const expected = await foldOf(A, within);
  expect(outcome).toMatchObject({ kind: 'done', refused: [] });
  expect(Object.keys(expected).length).toBeGreaterThan(3);
  expect(own(told)).toEqual(expected);
  // Those under other keys have the same events, in the order in which they are read.
  const all = [A, B].map(async (source) =>
    Object.values(await foldOf(source, within)).reduce(
      (sum, text) => sum + (JSON.parse(text) as { count: number }).count,
      0,
    ),
  );
  const [ofA, ofB] = (await Promise.all(all)) as [number, number];
  expect(countOf(told, 'told.both')).toBe(ofA + ofB);
});

test('before all events there are no states', async () => {
  const { lines, outcome } = await replay({
    dir: live.dir,
    module,
    filters: { until: times[0]! - 3_600_000 },
  });
  expect(outcome).toMatchObject({ kind: 'done', states: 0 });
  expect(lines).toEqual([]);
});

test('with a source, what is reduced of it alone is as it is live, and nothing of others is there', async () => {
  const { told } = await replay({ dir: live.dir, module, filters: { sources: [B] } });
  const of = (states: Told, ...reducers: string[]): Told =>
    Object.fromEntries(Object.entries(states).filter(([name]) => reducers.includes(name.split(' ')[0]!)));
  const expected = await statesIn(live.house);
  expect(of(told, 'told.split', 'told.by_class')).toEqual(of(expected, 'told.split', 'told.by_class'));
  expect(of(told, 'told.own', 'told.trail')).toEqual({});
  expect(countOf(told, 'told.both')).toBe(countOf(expected, 'told.split'));
});

test('a source that the module does not reduce is named', async () => {
  const refused = replay({ dir: live.dir, module, filters: { sources: [A, 'other'] } });
  await expect(refused).rejects.toThrow(
    /--source: other: told reduces no such source; it has test.a, test.b/,
  );
});

test('with a rate, no more come in a second', async () => {
  const begun = Date.now();
  const { outcome } = await replay({ dir: live.dir, module, filters: { until: times[0]! }, perSecond: 100 });
  expect(outcome).toMatchObject({ kind: 'done' });
  // A hundred of the sources, of which the first come at once.
  expect(Date.now() - begun).toBeGreaterThan(700);
});
