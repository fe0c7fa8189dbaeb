import { afterEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_LIMITS, type GatewayLimits } from '../../services/gateway/limits.ts';
import { createPublisher } from '../../services/gateway/publisher.ts';
import { LecternError } from '../../services/shared/errors.ts';
import type { OutgoingRecord, Producer } from '../../services/shared/log/port.ts';
import { createFakeLog } from './fake-producer.ts';
import { createCleanUp, silent, until } from './support.ts';

const cleanUp = createCleanUp();
afterEach(() => cleanUp.run());

function start(limits: Partial<GatewayLimits> = {}, producer?: Pick<Producer, 'send'>) {
  const log = createFakeLog();
  const fullness: boolean[] = [];
  const publisher = createPublisher({
    producer: producer ?? log.producer,
    limits: { ...DEFAULT_LIMITS, lingerMs: 1, retryMinMs: 1, retryMaxMs: 4, ...limits },
    logger: silent,
    clockMs: () => performance.now(),
    onFull: (full) => fullness.push(full),
    onAttempt: () => undefined,
  });
  cleanUp.add(async () => {
    log.release();
    await publisher.stop(100);
  });
  return { log, publisher, fullness };
}

function record(name: string, sizeBytes = 0, topic = 't'): OutgoingRecord {
  return { topic, key: 'k', value: Buffer.from(name.padEnd(sizeBytes)) };
}

const namesOf = (records: readonly OutgoingRecord[]): string[] =>
  records.map(({ value }) => value.toString().trim());

async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('the publisher', () => {
  test('says kept only after the log has it', async () => {
    const { log, publisher } = start();
    log.hold();
    const ticket = publisher.publish([record('a')])!;
    await until(() => log.attempts() === 1, 'the send began');
    expect(await isSettled(ticket.kept)).toBe(false);
    log.release();
    await ticket.kept;
    expect(log.sends.map(namesOf)).toEqual([['a']]);
  });

  test('puts what comes meanwhile into one send, in order, one send at a time', async () => {
    const { log, publisher } = start();
    log.hold();
    publisher.publish([record('0')]);
    await until(() => log.attempts() === 1, 'the first send began');
    const tickets = ['1', '2', '3', '4'].map((name) => publisher.publish([record(name)])!);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.attempts()).toBe(1);
    log.release();
    await Promise.all(tickets.map(({ kept }) => kept));
    expect(log.sends.map(namesOf)).toEqual([['0'], ['1', '2', '3', '4']]);
  });

  test('waits a moment for more before it sends', async () => {
    const { log, publisher } = start({ lingerMs: 50 });
    publisher.publish([record('a')]);
    await new Promise((resolve) => setImmediate(resolve));
    await publisher.publish([record('b')])!.kept;
    expect(log.sends.map(namesOf)).toEqual([['a', 'b']]);
  });

  test('a topic that the log does not take holds up no other one', async () => {
    const taken: string[] = [];
    let away = true;
    const { publisher } = start(
      {},
      {
        async send(records) {
          if (away && records.some(({ topic }) => topic === 'away')) throw new Error('there is no leader');
          taken.push(...namesOf(records));
          return [];
        },
      },
    );
    const waiting = publisher.publish([record('a', 0, 'away'), record('b')])!;
    const later = publisher.publish([record('c', 0, 'away')])!;
    await publisher.publish([record('d')])!.kept;
    expect(taken).toEqual(['b', 'd']);
    expect(publisher.state()).toMatchObject({ events: 2 });
    expect(publisher.state().oldestWaitMs).toBeGreaterThan(0);
    expect(await isSettled(waiting.kept)).toBe(false);
    away = false;
    await Promise.all([waiting.kept, later.kept]);
    expect(taken).toEqual(['b', 'd', 'a', 'c']);
  });

  test.each(['nothing', 'everything'] as const)(
    'repeats a failed send as it was, before anything later, when %s had arrived',
    async (having) => {
      const { log, publisher } = start();
      log.failNext(3, having);
      publisher.publish([record('a'), record('b')]);
      await until(() => log.attempts() >= 1, 'the first attempt was made');
      await publisher.publish([record('c')])!.kept;
      const repeats = having === 'nothing' ? [] : Array(3).fill(['a', 'b']);
      expect(log.sends.map(namesOf)).toEqual([...repeats, ['a', 'b'], ['c']]);
    },
  );

  test('an event that the log refuses for good holds up nothing, and is not acknowledged', async () => {
    const taken: string[] = [];
    const { publisher } = start(
      {},
      {
        async send(records) {
          if (namesOf(records).includes('bad')) throw new LecternError('LOG_UNAVAILABLE', 'too large');
          taken.push(...namesOf(records));
          return [];
        },
      },
    );
    const tickets = ['1', '2', 'bad', '3', '4'].map((name) => publisher.publish([record(name)])!);
    const outcomes = await Promise.allSettled(tickets.map(({ kept }) => kept));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, true, true]);
    expect(taken).toEqual(['1', '2', '3', '4']);
    expect(publisher.state()).toMatchObject({ events: 0, bytes: 0 });
  });

  test.each([
    ['that is being closed', new LecternError('CLOSED', 'the producer is closed')],
    [
      'that the gateway has no right to write to',
      new LecternError('LOG_UNAVAILABLE', 'no', { cause: { type: 'TOPIC_AUTHORIZATION_FAILED' } }),
    ],
  ])('a log %s is asked again, as that is no fault of the event', async (_name, error) => {
    let refusals = 3;
    const { publisher } = start(
      {},
      {
        async send() {
          if (refusals-- > 0) throw error;
          return [];
        },
      },
    );
    await publisher.publish([record('a')])!.kept;
    expect(refusals).toBe(-1);
  });

  test('a send has at most so many bytes, and at least one record', async () => {
    const { log, publisher } = start({ batchBytes: 1_000 });
    const records = [record('a', 2_000), record('b', 300), record('c', 300), record('d', 300)];
    await publisher.publish(records)!.kept;
    expect(log.sends.map(namesOf)).toEqual([['a'], ['b', 'c'], ['d']]);
  });

  test('is full at its limit, refuses all or nothing at twice that, and has room again at half', async () => {
    const { log, publisher, fullness } = start({ queueEvents: 4 });
    log.hold();
    publisher.publish([record('1'), record('2'), record('3')]);
    expect(publisher.isFull()).toBe(false);
    publisher.publish([record('4')]);
    expect(publisher.isFull()).toBe(true);
    expect(publisher.publish([5, 6, 7, 8, 9].map((n) => record(String(n))))).toBeNull();
    const last = publisher.publish([5, 6, 7, 8].map((n) => record(String(n))))!;
    expect(publisher.publish([record('9')])).toBeNull();
    expect(publisher.state().events).toBe(8);
    log.release();
    await last.kept;
    expect(fullness).toEqual([true, false]);
    expect(publisher.state()).toMatchObject({ bytes: 0, events: 0, oldestWaitMs: 0 });
    expect(log.sends.flatMap(namesOf)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  });

  test('counts bytes as well', () => {
    const { log, publisher } = start({ queueBytes: 10_000 });
    log.hold();
    publisher.publish([record('a', 9_000)]);
    expect(publisher.isFull()).toBe(false);
    publisher.publish([record('b', 1_000)]);
    expect(publisher.isFull()).toBe(true);
    expect(publisher.publish([record('c', 12_000)])).toBeNull();
  });

  test('drops what nobody waits for any more, if no attempt was made for it', async () => {
    const { log, publisher } = start();
    log.hold();
    const first = publisher.publish([record('a')])!;
    await until(() => log.attempts() === 1, 'the first send began');
    const second = publisher.publish([record('b')])!;
    const third = publisher.publish([record('c')])!;
    expect(first.cancel()).toEqual([]);
    const before = publisher.state();
    expect(namesOf(second.cancel())).toEqual(['b']);
    const { bytes, events } = publisher.state();
    expect([before.events - events, before.bytes - bytes]).toEqual([1, before.bytes / 3]);
    await second.kept;
    log.release();
    await first.kept;
    await third.kept;
    expect(log.sends.flatMap(namesOf)).toEqual(['a', 'c']);
  });

  test('has the room again of what it dropped', async () => {
    const { log, publisher, fullness } = start({ queueBytes: 10_000 });
    log.hold();
    publisher.publish([record('a', 1_000)]);
    await until(() => log.attempts() === 1, 'the first send began');
    const before = publisher.state();
    const dropped = publisher.publish([record('b', 6_000), record('c', 6_000)])!;
    expect(publisher.isFull()).toBe(true);
    dropped.cancel();
    expect(publisher.state()).toMatchObject({ bytes: before.bytes, events: 1 });
    expect(fullness).toEqual([true, false]);
    expect(publisher.publish([record('d', 15_000)])).not.toBeNull();
  });

  test('on stop takes nothing more and finishes what it has', async () => {
    const { log, publisher } = start({ lingerMs: 1_000_000 });
    const ticket = publisher.publish([record('a')])!;
    await publisher.stop(5_000);
    await ticket.kept;
    expect(log.sends.map(namesOf)).toEqual([['a']]);
    expect(publisher.publish([record('b')])).toBeNull();
  });

  test('on stop gives up at the deadline and says so to everybody who waits', async () => {
    const { log, publisher } = start();
    log.failNext(Number.POSITIVE_INFINITY);
    const tickets = [publisher.publish([record('a')])!, publisher.publish([record('b')])!];
    await publisher.stop(30);
    for (const { kept } of tickets) await expect(kept).rejects.toMatchObject({ code: 'CLOSED' });
    expect(log.sends).toEqual([]);
  });
});
