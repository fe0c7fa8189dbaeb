import { expect, test } from '@jest/globals';
import { LecternError } from '../../services/shared/errors.ts';
import type { FetchedPage, KafkaFetches } from '../../services/shared/log/kafka-fetches.ts';
import { readRange } from '../../services/shared/log/kafka-read.ts';
import type { TopicIds } from '../../services/shared/log/kafka-topic-ids.ts';
import { collect } from '../support/collect.ts';

const END = 100;

function page(from: number, to: number, endOffset = END): FetchedPage {
  const records = Array.from({ length: to - from }, (_, n) => ({
    offset: from + n,
    timestamp: 0,
    key: null,
    value: null,
    headers: {},
  }));
  return { records, next: to, endOffset };
}

type Step = FetchedPage | Error | ((offset: number) => FetchedPage);

/** A partition whose leader gives one answer after another, and whole pages of ten when there are no more. */
function partition(steps: readonly Step[], ids: () => string = () => 'first') {
  const left = [...steps];
  const seen = { opened: 0, closed: 0, asked: [] as number[], slept: [] as number[], now: 1_000 };
  const open = async (): Promise<KafkaFetches> => {
    seen.opened += 1;
    return {
      async fetch(offset) {
        seen.asked.push(offset);
        const step = left.shift() ?? page(offset, offset + 10);
        if (step instanceof Error) throw step;
        return typeof step === 'function' ? step(offset) : step;
      },
      askIds: async (topics): Promise<TopicIds> => new Map(topics.map((topic) => [topic, ids()])),
      async close() {
        seen.closed += 1;
      },
    };
  };
  const clock = {
    now: () => seen.now,
    async sleep(ms: number) {
      seen.slept.push(ms);
      seen.now += ms;
    },
  };
  const read = (from: number, to: number) =>
    readRange({ topic: 't', partition: 0, from, to }, { open, clock });
  const offsets = async (from: number, to: number): Promise<number[]> =>
    (await collect(read(from, to))).map(({ offset }) => offset);
  return { seen, read, offsets };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const notLeader = Object.assign(new Error('not the leader'), { type: 'NOT_LEADER_FOR_PARTITION' });

test('a range is read page by page on one connection, which is closed then', async () => {
  const { seen, offsets } = partition([]);
  expect(await offsets(5, 32)).toEqual(numbers(5, 32));
  expect(seen).toMatchObject({ opened: 1, closed: 1, asked: [5, 15, 25], slept: [] });
});

test('nothing is asked for an empty range', async () => {
  const { seen, offsets } = partition([]);
  expect(await offsets(7, 7)).toEqual([]);
  expect(seen.opened).toBe(0);
});

test('the connection is closed when whoever reads stops early', async () => {
  const { seen, read } = partition([]);
  for await (const records of read(0, 50)) if (records.length > 0) break;
  expect(seen).toMatchObject({ opened: 1, closed: 1, asked: [0] });
});

test('pages without records, and unused offsets, are passed over', async () => {
  const markers: FetchedPage = { records: [], next: 20, endOffset: END };
  const { offsets } = partition([page(0, 10), markers, (from) => page(from + 5, from + 10)]);
  expect(await offsets(0, 30)).toEqual([...numbers(0, 10), ...numbers(25, 30)]);
});

test('a leader that moved is looked up anew, and the read goes on where it was', async () => {
  const { seen, offsets } = partition([page(0, 10), notLeader, notLeader]);
  expect(await offsets(0, 30)).toEqual(numbers(0, 30));
  expect(seen).toMatchObject({ opened: 3, closed: 3, asked: [0, 10, 10, 10, 20], slept: [200, 400] });
});

test('each page has its tries, and after them the read fails and is closed', async () => {
  const failing = [...numbers(0, 5).map(() => notLeader), page(0, 10), ...numbers(0, 6).map(() => notLeader)];
  const { seen, read } = partition(failing);
  const got: number[] = [];
  const reading = async () => {
    for await (const records of read(0, 30)) got.push(...records.map(({ offset }) => offset));
  };
  await expect(reading()).rejects.toBe(notLeader);
  expect(got).toEqual(numbers(0, 10));
  expect(seen.opened).toBe(seen.closed);
  expect(seen.slept).toHaveLength(10);
});

test('a leader that does not know how far the log goes is asked again, and never believed', async () => {
  const nothing: Step = (offset) => ({ records: [], next: offset, endOffset: 5 });
  const patient = partition([page(0, 10), nothing, nothing]);
  expect(await patient.offsets(0, 30)).toEqual(numbers(0, 30));
  const behind = partition([page(0, 10), ...numbers(0, 6).map(() => nothing)]);
  await expect(behind.offsets(0, 30)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retriable: true });
});

test('what the log does not hold is not asked for twice', async () => {
  const gone = new LecternError('OFFSET_OUT_OF_RANGE', 'expired');
  const { seen, offsets } = partition([page(0, 10), gone]);
  await expect(offsets(0, 30)).rejects.toBe(gone);
  expect(seen).toMatchObject({ closed: 1, slept: [] });
});

test.each<[string, number, Step[]]>([
  ['while its reader was busy', 1_000, []],
  ['while the leader did not answer', 0, [page(0, 10), notLeader]],
  ['and has become shorter', 0, [page(0, 10), page(10, 20, 20)]],
])('a topic that was made again %s is noticed, and none of it is handed out', async (_, busyMs, steps) => {
  let id = 'first';
  const { seen, read } = partition(steps, () => id);
  const got: number[] = [];
  const reading = async () => {
    for await (const records of read(0, 30)) {
      got.push(...records.map(({ offset }) => offset));
      id = 'second';
      seen.now += busyMs;
    }
  };
  await expect(reading()).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' });
  expect(got).toEqual(numbers(0, 10));
});
