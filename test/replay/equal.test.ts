import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LiveHouse, openLiveHouse, record, studentOf } from './live-house.ts';
import { type Behaviour, replayModule } from './module.ts';
import { replay } from './replayed.ts';
import { statesIn, type Told } from './told.ts';

// A class that was reduced live, with all that may happen to events, and its archive.

const EVENTS = 600;
const behaviour: Behaviour = {
  refuses: (n) => n % 20 === 7 || n % 20 === 8,
  hangs: (n) => n === 31,
};
const module = replayModule(behaviour);

let live: LiveHouse;
let expected: Told;

/** The class's life: resent events, refused ones, some that are requeued, and one that hangs and stays left out. */
async function lead(): Promise<void> {
  const all = Array.from({ length: EVENTS }, (_, n) => record({ n }));
  const numbered = (n: number, sequence: number) =>
    record({ n, student: 'numbered', session: 's', sequence });
  await live.send(all.slice(0, 300));
  await live.send(all.slice(100, 140));
  await live.send([numbered(9_001, 1), numbered(9_003, 2), numbered(9_005, 3)]);
  await live.send([numbered(9_011, 2), numbered(9_013, 3), numbered(9_015, 4)]);
  await live.settled();
  behaviour.refuses = (n) => n % 20 === 7;
  behaviour.hangs = (n) => n === 331;
  await live.requeueAll();
  await live.send(all.slice(300));
  await live.settled();
  behaviour.hangs = () => false;
}

beforeAll(async () => {
  live = await openLiveHouse(module);
  await lead();
  await live.archiveAll();
  expected = await statesIn(live.house);
}, 90_000);

afterAll(() => live.close());

test('the states of a replay are those of the live system, key for key and byte for byte', async () => {
  const { outcome, told, lines, read, planned } = await replay({ dir: live.dir, module });
  expect(Object.keys(expected).length).toBeGreaterThan(40);
  expect(told).toEqual(expected);
  expect(lines).toEqual(lines.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  expect(outcome).toMatchObject({ kind: 'done', states: lines.length });
  expect(read).toBe(planned);
});

test('its dead letters are those of the live system', async () => {
  const { outcome } = await replay({ dir: live.dir, module });
  const { state, log } = live.house;
  const open = new Map<string, number>();
  for (const topic of [`school.events.test.a`, `school.events.test.b`, `school.rekey.${module.id}`])
    for (const { partition } of await log.offsets(topic))
      for (const { reducer } of await state.deadLetterKeys({ module: module.id, topic, partition }))
        open.set(reducer, (open.get(reducer) ?? 0) + 1);
  const told = outcome.kind === 'done' ? outcome.refused.map(({ reducer, count }) => [reducer, count]) : [];
  expect(told).toEqual([...open].sort());
  expect(open.get('told.split')).toBe(1);
});

test('with a student, their states are those of the live system, and there are no others of students', async () => {
  const student = studentOf(3);
  const { told } = await replay({ dir: live.dir, module, filters: { students: [student] } });
  const ofStudents = (states: Told) =>
    Object.fromEntries(Object.entries(states).filter(([key]) => key.includes('"STUDENT"')));
  const own = Object.fromEntries(
    Object.entries(ofStudents(expected)).filter(([key]) => key.includes(`"${student}"`)),
  );
  expect(Object.keys(own).length).toBeGreaterThan(4);
  expect(ofStudents(told)).toEqual(own);
});

test('a number of partitions that the topics do not have is refused', async () => {
  const run = replay({ dir: live.dir, module, partitions: 4 });
  await expect(run).rejects.toThrow(
    /LECTERN_PARTITIONS: school.rekey.told.v1 has another number of partitions than 4/,
  );
});
