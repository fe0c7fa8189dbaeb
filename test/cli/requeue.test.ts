import { afterEach, expect, test } from '@jest/globals';
import type { House } from '../../services/cli/house.ts';
import { requeueLetters } from '../../services/cli/requeue-letters.ts';
import { waitRequeued } from '../../services/cli/wait-requeued.ts';
import { REQUEUE_OFFSET, REQUEUE_REDUCER } from '../../services/shared/control/requeue-record.ts';
import { LecternError } from '../../services/shared/errors.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import type { DeadLetter } from '../../services/shared/state/port.ts';
import {
  appendEvents,
  checkpoint,
  closeHouses,
  found,
  historyOf,
  letterOf,
  openTestHouse,
  readAll,
  reduceRequeued,
  TOPIC,
  unitOf,
} from './cli-house.ts';

afterEach(closeHouses);

const unit = unitOf(1);

/** Ten events of partition 1, all reduced, of which some were refused. */
async function houseWith(letters: readonly DeadLetter[], given: Partial<House> = {}): Promise<House> {
  const house = await openTestHouse(given);
  await appendEvents(house.log, 10, 1);
  await checkpoint(house.state, unit, 10, { deadLetters: letters });
  return house;
}

const statuses = (outcomes: readonly { readonly status: string }[]): string[] =>
  outcomes.map(({ status }) => status);

test('the original record is appended again beside where it stood, naming the dead letter', async () => {
  const house = await houseWith([letterOf(unit, 3)]);
  const outcomes = await requeueLetters(house, [found(unit, 3)]);
  expect(outcomes).toMatchObject([{ status: 'requeued', offset: 10 }]);
  const records = await readAll(house.log, TOPIC, 1);
  const { key, value, headers } = records[10]!;
  expect({ key, value }).toEqual({ key: records[3]!.key, value: records[3]!.value });
  expect(Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, text.toString()]))).toEqual({
    traceparent: 'trace 3',
    [REQUEUE_REDUCER]: 'm.v1/m.r',
    [REQUEUE_OFFSET]: '3',
  });
});

test('it is left out at its place before it is appended at another', async () => {
  const house = await houseWith([letterOf(unit, 3)]);
  const order: string[] = [];
  const watched: House = {
    ...house,
    control: {
      ...house.control,
      async publish(record) {
        await house.control.publish(record);
        order.push('verdict');
      },
    },
    log: {
      ...house.log,
      async createProducer() {
        const producer = await house.log.createProducer();
        return {
          ...producer,
          async send(records) {
            order.push('append');
            return await producer.send(records);
          },
        };
      },
    },
  };
  await requeueLetters(watched, [found(unit, 3)]);
  expect(order).toEqual(['verdict', 'append']);
  expect(house.control.leftOut(unit).get('m.r@3')).toMatchObject({ why: 'requeue', module: 'm.v1' });
});

test('the reason of an earlier verdict is kept for replays', async () => {
  const house = await houseWith([letterOf(unit, 3)]);
  await house.control.publish({
    kind: 'left-out',
    ...unit,
    reducer: 'm.r',
    offset: 3,
    why: 'budget',
    reason: 'took more than 10 s',
  });
  await requeueLetters(house, [found(unit, 3)]);
  expect(house.control.leftOut(unit).get('m.r@3')).toMatchObject({
    why: 'requeue',
    reason: 'took more than 10 s',
  });
});

test('asked twice, it is taken once', async () => {
  const house = await houseWith([letterOf(unit, 3)]);
  expect(statuses(await requeueLetters(house, [found(unit, 3)]))).toEqual(['requeued']);
  expect(statuses(await requeueLetters(house, [found(unit, 3)]))).toEqual(['requeued']);
  expect(await reduceRequeued(house, unit)).toEqual(['m.r@3']);
  expect(await requeueLetters(house, [found(unit, 3)])).toMatchObject([
    { status: 'skipped', because: 'it is not open any more' },
  ]);
});

test('a record that did not decode is requeued for all reducers of the module', async () => {
  const house = await houseWith([letterOf(unit, 5, { reducer: 'm' })]);
  await requeueLetters(house, [found(unit, 5, 'm')]);
  expect(await reduceRequeued(house, unit)).toEqual(['m@5']);
  expect(await house.state.deadLetterKeys(unit)).toEqual([]);
});

test('two reducers that refused one event get it each for itself', async () => {
  const house = await houseWith([letterOf(unit, 5), letterOf(unit, 5, { reducer: 'm.s' })]);
  await requeueLetters(house, [found(unit, 5), found(unit, 5, 'm.s')]);
  expect(await reduceRequeued(house, unit)).toEqual(['m.r@5', 'm.s@5']);
});

test('what was dropped is not requeued, and what is not there is said to be gone', async () => {
  const house = await houseWith([letterOf(unit, 3), letterOf(unit, 99)], {});
  await house.control.publish({
    kind: 'left-out',
    ...unit,
    reducer: 'm.r',
    offset: 3,
    why: 'drop',
    reason: 'no use',
  });
  const outcomes = await requeueLetters(house, [found(unit, 3), found(unit, 4)]);
  expect(outcomes.map(({ because }) => because).sort()).toEqual([
    'it is not open any more',
    'it was dropped',
  ]);
  const beyond = await requeueLetters(house, [found(unit, 99)]);
  expect(beyond).toMatchObject([{ status: 'skipped', because: expect.stringContaining('99') }]);
  expect(await readAll(house.log, TOPIC, 1)).toHaveLength(10);
});

test('a drop that came first in the control topic wins over a requeue of the same moment', async () => {
  const house = await houseWith([letterOf(unit, 3)]);
  const drop = { kind: 'left-out', ...unit, reducer: 'm.r', offset: 3, why: 'drop', reason: '' } as const;
  const racing: House = {
    ...house,
    control: {
      ...house.control,
      async publish(record) {
        await house.control.publish(drop);
        await house.control.publish(record);
      },
    },
  };
  expect(await requeueLetters(racing, [found(unit, 3)])).toMatchObject([
    { status: 'skipped', because: 'it was dropped' },
  ]);
  expect(await readAll(house.log, TOPIC, 1)).toHaveLength(10);
});

test('an original that only the archive holds any more is requeued all the same', async () => {
  const archived: LogRecord = {
    offset: 2,
    timestamp: 1,
    key: Buffer.from('student-y'),
    value: Buffer.from('out of the archive'),
    headers: {},
  };
  const house = await houseWith([letterOf(unit, 2)]);
  const history = {
    ...historyOf(house.log),
    async *read() {
      yield [archived];
    },
  };
  await requeueLetters({ ...house, history }, [found(unit, 2)]);
  const last = (await readAll(house.log, TOPIC, 1)).at(-1)!;
  expect(last.value).toEqual(archived.value);
  expect(last.key).toEqual(archived.key);
});

test('a gap in the history is told for the letters of that unit, and others are requeued', async () => {
  const house = await houseWith([letterOf(unit, 2)]);
  await appendEvents(house.log, 1, 0);
  await checkpoint(house.state, unitOf(0), 1, { deadLetters: [letterOf(unitOf(0), 0)] });
  const whole = historyOf(house.log);
  const history = {
    ...whole,
    read(range: Parameters<typeof whole.read>[0]) {
      if (range.partition === 1) throw new LecternError('HISTORY_GAP', 'offsets 0 to 5 are gone');
      return whole.read(range);
    },
  };
  const outcomes = await requeueLetters({ ...house, history }, [found(unit, 2), found(unitOf(0), 0)]);
  expect(outcomes).toMatchObject([
    { status: 'skipped', because: 'offsets 0 to 5 are gone' },
    { status: 'requeued' },
  ]);
});

test('waiting tells which are closed and which failed again, with the new reason', async () => {
  const house = await houseWith([letterOf(unit, 3), letterOf(unit, 4)]);
  const outcomes = await requeueLetters(house, [found(unit, 3), found(unit, 4)]);
  const waiting = waitRequeued(house, outcomes, 20_000);
  await reduceRequeued(house, unit, (offset) => offset === 4);
  expect(await waiting).toMatchObject([
    { status: 'closed', letter: { offset: 3 } },
    { status: 'failed again', letter: { offset: 4 }, because: 'refused again' },
  ]);
});

test('what is not reduced in time is unknown, and a paused module says so', async () => {
  const house = await houseWith([letterOf(unit, 3)]);
  const outcomes = await requeueLetters(house, [found(unit, 3)]);
  expect(await waitRequeued(house, outcomes, 0)).toMatchObject([
    { status: 'unknown', because: 'the unit has not reduced it yet' },
  ]);
  await house.control.publish({ kind: 'module-switch', module: 'm', paused: true, reason: 'it fails' });
  expect(await waitRequeued(house, outcomes, 0)).toMatchObject([
    { status: 'unknown', because: expect.stringContaining('lectern modules resume m') },
  ]);
});
