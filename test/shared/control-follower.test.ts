import { afterEach, expect, test } from '@jest/globals';
import { createFollower, type Follower, type FollowerDeps } from '../../services/shared/control/follower.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { createFakeLog, type FakeLog } from '../support/fake-log.ts';
import { waitFor } from '../support/wait.ts';
import { archiveOf, TOPIC } from './control-house.ts';

const AT = { topic: TOPIC, partition: 0 };
const opened: Follower[] = [];

afterEach(async () => {
  for (const follower of opened.splice(0)) await follower.close();
});

/** A clock whose times come at once. */
const soon: FollowerDeps['clock'] = {
  every(_, action) {
    const immediate = setImmediate(action);
    return () => clearImmediate(immediate);
  },
};

const record = (offset: number): LogRecord => ({
  offset,
  timestamp: 0,
  key: null,
  value: Buffer.from(String(offset)),
  headers: {},
});
const records = (count: number): LogRecord[] => Array.from({ length: count }, (_, offset) => record(offset));

function follow(fake: FakeLog, deps: Partial<FollowerDeps> = {}) {
  const taken: number[] = [];
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const follower = createFollower({
    log: fake.log,
    history: archiveOf([], fake.log),
    topic: TOPIC,
    logger: createLogger({ service: 'test', level: 'warn', destination }),
    clock: soon,
    take: ({ offset }) => taken.push(offset),
    ...deps,
  });
  opened.push(follower);
  return { follower, taken, logged };
}

const upTo = (end: number): number[] => Array.from({ length: end }, (_, offset) => offset);

test('it begins in the archive, goes on in the log, and takes each record once and in order', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  fake.append(AT, records(30));
  fake.trim(AT, 12);
  const { follower, taken } = follow(fake, { history: archiveOf(records(30), fake.log) });
  await follower.reached(30);
  expect(taken).toEqual(upTo(30));
  fake.append(AT, [{}]);
  await follower.reached(31);
  expect(taken).toEqual(upTo(31));
});

test('records that expire before they were read are read out of the archive', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  const history = archiveOf(records(40), fake.log);
  const { follower, taken } = follow(fake, { history });
  await follower.reached(0);
  await waitFor(() => fake.members.length === 1);
  // The member sleeps through it, as a process does that is stopped for a while.
  fake.members[0]!.revoke();
  fake.append(AT, records(40));
  fake.trim(AT, 25);
  fake.members[0]!.assign([AT]);
  await follower.reached(40);
  expect(taken).toEqual(upTo(40));
});

test('a rebalance goes on where it was', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  fake.append(AT, records(10));
  const { follower, taken } = follow(fake);
  await follower.reached(10);
  fake.members[0]!.assign([AT]);
  fake.append(AT, [{}]);
  await follower.reached(11);
  expect(taken).toEqual(upTo(11));
});

test('what a log delivers again is not taken again', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  fake.append(AT, records(10));
  const log: FollowerDeps['log'] = {
    offsets: fake.log.offsets,
    createConsumer(options) {
      const consumer = fake.log.createConsumer(options);
      return { ...consumer, start: (at, offset) => consumer.start(at, Math.max(0, offset - 4)) };
    },
  };
  const { follower, taken } = follow(fake, { log });
  await follower.reached(10);
  fake.members[0]!.assign([AT]);
  fake.append(AT, [{}]);
  await follower.reached(11);
  expect(taken).toEqual(upTo(11));
});

test('a topic that was made anew is not followed on, and the message says what to do', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  fake.append(AT, records(10));
  let outOfRange = (): void => undefined;
  const log: FollowerDeps['log'] = {
    offsets: fake.log.offsets,
    createConsumer(options) {
      const consumer = fake.log.createConsumer(options);
      return {
        ...consumer,
        run(handlers) {
          outOfRange = () => handlers.outOfRange(AT);
          return consumer.run(handlers);
        },
      };
    },
  };
  const { follower, taken } = follow(fake, { log });
  await follower.reached(10);
  fake.recreate(TOPIC);
  fake.append(AT, records(3));
  const told = /ends at offset 3.*read up to 10.*made anew/;
  const waiting = expect(follower.reached(11)).rejects.toThrow(told);
  outOfRange();
  await waiting;
  await expect(follower.reached(11)).rejects.toThrow(told);
  expect(taken).toEqual(upTo(10));
});

test('a beginning that nobody has any more is not gone on from, until it is there again', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  fake.append(AT, records(5));
  fake.trim(AT, 2);
  let start = 2;
  const history = { ...archiveOf(records(5), fake.log), start: async () => start };
  const { follower, taken } = follow(fake, { history });
  await expect(follower.reached(5)).rejects.toMatchObject({
    code: 'UNIT_STOPPED',
    message: expect.stringMatching(/offsets 0 to 1 .*control.*restore .*_control.*snapshot.*new namespace/),
  });
  expect(taken).toEqual([]);
  start = 0;
  await follower.reached(5).catch(() => follower.reached(5));
  expect(taken).toEqual(upTo(5));
});

test('a beginning that a snapshot stands for is not missed', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  fake.append(AT, records(5));
  fake.trim(AT, 2);
  const history = { ...archiveOf([], fake.log), start: async () => 2 };
  const { follower, taken } = follow(fake, { history, restore: async () => 3 });
  await follower.reached(5);
  expect(taken).toEqual([3, 4]);
});

test('it reads nothing before anybody asks', async () => {
  const fake = createFakeLog({ [TOPIC]: 1 });
  const { follower } = follow(fake);
  await new Promise((resolve) => setImmediate(resolve));
  expect(fake.members).toHaveLength(0);
  follower.start();
  await waitFor(() => fake.members.length === 1);
});
