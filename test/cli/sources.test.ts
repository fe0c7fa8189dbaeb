import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { claimSource } from '../../services/cli/claim-source.ts';
import type { House } from '../../services/cli/house.ts';
import type { SourcesReport } from '../../services/cli/sources-list.ts';
import { createHistory } from '../../services/shared/history/history.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { eventsTopic, UNCLAIMED } from '../../services/shared/topics.ts';
import { countWaiting, createWaitingCount } from '../../services/shared/unclaimed/waiting-events.ts';
import { eventRecord } from '../support/events.ts';
import { putObject } from '../support/history-house.ts';
import { makeArchive } from '../support/made-archive.ts';
import { TEST_SOURCE } from '../support/module.ts';
import { catchPrinted, lectern } from './access-commands.ts';
import { createClaimWorld, LATE } from './claim-world.ts';
import { closeHouses, NAMESPACE, openTestHouse, readAll } from './cli-house.ts';

beforeEach(catchPrinted);
afterEach(async () => {
  jest.restoreAllMocks();
  process.exitCode = undefined;
  await closeHouses();
});

const WAITING = eventsTopic(NAMESPACE, UNCLAIMED);
const OWN = eventsTopic(NAMESPACE, LATE);

/** A house where events of some sources wait. */
async function openWaiting(sources: readonly string[], given: Partial<House> = {}): Promise<House> {
  const house = await openTestHouse({ mayRun: false, ...given });
  await house.log.ensureTopics([{ name: WAITING, partitions: 2 }]);
  await wait(house, sources);
  return house;
}

async function wait(house: House, sources: readonly string[]): Promise<void> {
  const producer = await house.log.createProducer();
  const records = sources.map((source, n) => ({
    ...eventRecord({ namespace: NAMESPACE, source, student: `s${n % 5}`, id: `${source} ${n}` }),
    topic: WAITING,
    headers: { traceparent: Buffer.from('trace') },
  }));
  await producer.send(records);
  await producer.close();
}

const listed = async (house: House): Promise<SourcesReport> =>
  JSON.parse(await lectern(house, ['sources', 'list', '--json'])) as SourcesReport;

async function ownRecords(house: House): Promise<readonly LogRecord[]> {
  return [...(await readAll(house.log, OWN, 0)), ...(await readAll(house.log, OWN, 1))];
}

test('what waits is told by source, and is in the topic of its source after a claim', async () => {
  const house = await openWaiting([LATE, 'other', LATE, '', 'other', LATE]);
  expect((await listed(house)).waiting).toEqual([
    { source: LATE, events: 3, hasTopic: false },
    { source: 'other', events: 2, hasTopic: false },
    { source: '', events: 1, hasTopic: false },
  ]);
  expect(await lectern(house, ['sources', 'claim', LATE])).toContain('3 events copied');
  const { sources, waiting } = await listed(house);
  expect(waiting.map(({ source }) => source)).toEqual(['other', '']);
  expect(sources).toEqual([
    {
      source: LATE,
      topic: OWN,
      partitions: 2,
      inLog: 3,
      inArchive: 0,
      typed: false,
      modules: [],
      claimed: true,
    },
    expect.objectContaining({ source: TEST_SOURCE, modules: ['m.v1'], claimed: false }),
  ]);
});

test('a copy has key, value and headers of the event, and says where it was', async () => {
  const house = await openWaiting(['other', LATE, LATE, LATE]);
  await lectern(house, ['sources', 'claim', LATE]);
  const copies = await ownRecords(house);
  expect(copies).toHaveLength(3);
  for (const { key, value, headers } of copies) {
    const partition = Number(headers['lectern-claimed-partition']!.toString());
    const offset = Number(headers['lectern-claimed-offset']!.toString());
    const original = (await readAll(house.log, WAITING, partition)).find((one) => one.offset === offset)!;
    expect({ key, value }).toEqual({ key: original.key, value: original.value });
    expect(headers['lectern-claimed-topic']!.toString()).toBe(WAITING);
    expect(headers.traceparent!.toString()).toBe('trace');
  }
});

test('what comes after a claim is told as waiting, with the command, until it is claimed again', async () => {
  const house = await openWaiting([LATE, LATE]);
  await lectern(house, ['sources', 'claim', LATE]);
  await wait(house, [LATE, LATE, LATE, 'other']);
  const list = await lectern(house, ['sources', 'list']);
  expect(list).toContain(`3 of its events wait unclaimed: lectern sources claim ${LATE}`);
  expect(list).not.toContain('lectern sources claim other');
  expect(await lectern(house, ['sources', 'claim', LATE])).toContain('3 events copied');
  expect(await ownRecords(house)).toHaveLength(5);
});

test('sources are claimed together, and one that is named in the configuration although nothing of it waits', async () => {
  const house = await openWaiting([LATE, 'other']);
  const said = await lectern(house, ['sources', 'claim', LATE, 'other', LATE, TEST_SOURCE, '--json']);
  expect(JSON.parse(said)).toEqual(
    [
      [LATE, 1],
      ['other', 1],
      [TEST_SOURCE, 0],
    ].map(([source, copied]) => expect.objectContaining({ source, copied, stillComing: false })),
  );
});

test.each([
  ['a name that nobody uses', 'org.lat', /no event of org\.lat waits.*correct the name/],
  ['our own topics', UNCLAIMED, /"_unclaimed" can have no topic/],
  ['what can be no topic', 'two words', /"two words" can have no topic/],
])('a claim of %s is refused, and makes no topic', async (_name, source, message) => {
  const house = await openWaiting([LATE, 'two words']);
  await expect(lectern(house, ['sources', 'claim', source])).rejects.toThrow(message);
  expect(await house.log.partitionCount(eventsTopic(NAMESPACE, source))).toBe(
    source === UNCLAIMED ? 2 : null,
  );
  expect(house.control.claims.size).toBe(0);
});

test('a claim while gateways do not switch ends with the wait, says so and what to do, and fails', async () => {
  const house = await openWaiting([LATE], { mayRun: true });
  let now = 0;
  const clock = {
    ...house.clock,
    now: () => now,
    async sleep(ms: number) {
      now += ms;
      await wait(house, [LATE]);
    },
  };
  const said = await lectern({ ...house, clock }, ['sources', 'claim', LATE, '--quiet', '1', '--wait', '3']);
  expect(said).toContain(`run lectern sources claim ${LATE} again`);
  expect(process.exitCode).toBe(1);
});

test('a claim goes on until nothing came for a while', async () => {
  const house = await openWaiting([LATE], { mayRun: true });
  let now = 0;
  let slept = 0;
  const clock = {
    ...house.clock,
    now: () => now,
    async sleep(ms: number) {
      now += ms;
      slept += 1;
      if (slept <= 3) await wait(house, [LATE]);
    },
  };
  const said = await lectern({ ...house, clock }, ['sources', 'claim', LATE, '--quiet', '1']);
  expect(said).toMatch(/4 events copied.*3 of them after the gateways were told/);
  expect(await ownRecords(house)).toHaveLength(4);
  expect(now).toBeGreaterThanOrEqual(1_750);
});

test('a claim that may not wait as long as nothing is to come succeeds when nothing came', async () => {
  const house = await openWaiting([LATE], { mayRun: true });
  let now = 0;
  const clock = {
    ...house.clock,
    now: () => now,
    async sleep(ms: number) {
      now += ms;
    },
  };
  const said = await lectern({ ...house, clock }, ['sources', 'claim', LATE, '--quiet', '9', '--wait', '2']);
  expect(said).toContain('1 events copied');
  expect(said).not.toContain('again');
  expect(process.exitCode).toBeUndefined();
  expect(now).toBe(2_000);
});

test('seconds that are none are refused', async () => {
  const house = await openWaiting([LATE]);
  await expect(lectern(house, ['sources', 'claim', LATE, '--wait', 'x'])).rejects.toThrow(/give seconds/);
});

test('what only the archive holds any more is counted and copied, too', async () => {
  const world = createClaimWorld();
  for (const source of [LATE, 'other', LATE]) world.append('a', source, 20, false);
  const { archive } = makeArchive();
  for (const { partition, end } of world.broker.offsets('n.events._unclaimed')) {
    const at = { topic: 'n.events._unclaimed', partition };
    if (end === 0) continue;
    await putObject(archive, at, world.broker.all(at).slice(0, 30), UNCLAIMED);
    world.broker.trim(at, 25);
  }
  const house = world.house();
  const history = createHistory({ log: world.log, archive, namespace: 'n' });
  const counted = await countWaiting({ ...house, history, log: world.log, claims: new Map() });
  expect(counted).toEqual({
    sources: new Map([
      [LATE, 40],
      ['other', 20],
    ]),
    ofOthers: 0,
  });
  await claimSource({ ...house, history }, LATE, { quietMs: 0, waitMs: 0 });
  expect(world.counted().get('a')).toEqual(Array.from({ length: 40 }, (_, n) => n));
});

test('of more sources than are told apart the rest is summed up, and what is no event of ours is passed over', () => {
  const count = createWaitingCount(new Map([['b', { copied: [0, 2] }]]), undefined, 2);
  const record = (source: string, offset: number): LogRecord => {
    const { value } = eventRecord({ namespace: 'n', source, student: 's' });
    return { offset, timestamp: 0, key: null, value, headers: {} };
  };
  for (const [source, partition, offset] of [
    ['a', 0, 0],
    ['b', 1, 1],
    ['b', 1, 2],
    ['c', 0, 1],
    ['a', 0, 2],
    ['d', 0, 3],
  ] as const)
    count.take(partition, record(source, offset));
  count.take(0, { ...record('a', 4), value: null });
  count.take(0, { ...record('a', 4), value: Buffer.from('?') });
  expect(count.found).toEqual({
    sources: new Map([
      ['a', 2],
      ['b', 1],
    ]),
    ofOthers: 2,
  });
});

test('a name that a sender made up is shown without what a terminal would take for more', async () => {
  const house = await openWaiting([`${'x'.repeat(300)}`, 'red\u001b[31m']);
  const list = await lectern(house, ['sources', 'list']);
  expect(list).toContain('red?[31m');
  expect(list).not.toContain('x'.repeat(200));
});
