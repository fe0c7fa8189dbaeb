import { describe, expect, test } from '@jest/globals';
import { NO_ERASURES } from '../../services/shared/erasing/erasures.ts';
import { LecternError } from '../../services/shared/errors.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import type { ClaimedUnit } from '../../services/worker/claimed-unit.ts';
import type { DecodedRecord } from '../../services/worker/decode.ts';
import { createIdWindow } from '../../services/worker/duplicates.ts';
import { createIntake } from '../../services/worker/intake.ts';
import { createReading } from '../../services/worker/reading.ts';
import { at, openHistoryHouse } from '../support/history-house.ts';

/** Reads from 0 an archive that fails after its first record; the log begins at 50. */
async function readUntil(failure: Error, position: number) {
  const happened = { stopped: '', lost: '', startedAt: null as number | null, taken: [] as number[] };
  const reading = createReading({
    at,
    log: { offsets: async () => [{ partition: 0, start: 50, end: 200 }] },
    history: {
      async *archived() {
        yield [{ offset: 0, timestamp: 1, key: null, value: null, headers: {} } satisfies LogRecord];
        throw failure;
      },
    },
    consumer: {
      start: (_, offset) => {
        happened.startedAt = offset;
      },
    },
  });
  await reading.begin({
    target: { position, expects: 1, resumeAfter: () => null as number | null } as ClaimedUnit,
    from: 0,
    wanted: () => true,
    waits: () => undefined,
    take: async ({ records }) => void happened.taken.push(...records.map(({ offset }) => offset)),
    stop: (reason) => {
      happened.stopped = reason;
    },
    lose: (because) => {
      happened.lost = because;
    },
  });
  return happened;
}

test.each([
  ['offsets that nobody holds after the position', 'HISTORY_GAP', 10],
  ['offsets that nobody holds before the position, which may hold what comes again', 'HISTORY_GAP', 100],
  ['a broken archive', 'ARCHIVE_BROKEN', 100],
] as const)('%s stop the unit, with the reason', async (_, code, position) => {
  const found = await readUntil(new LecternError(code, 'what is wrong'), position);
  expect(found).toEqual({ stopped: 'what is wrong', lost: '', startedAt: null, taken: [0] });
});

test('an archive that is away costs the claim, which is made again', async () => {
  const found = await readUntil(new LecternError('ARCHIVE_UNAVAILABLE', 'away', { retriable: true }), 100);
  expect(found).toEqual({ stopped: '', lost: 'away', startedAt: null, taken: [0] });
});

test('an archive that is not wanted any more is let go of before another page is read', async () => {
  const happened: string[] = [];
  let wanted = true;
  const reading = createReading({
    at,
    log: { offsets: async () => [{ partition: 0, start: 50, end: 200 }] },
    history: {
      async *archived(_at, _from, waiter) {
        waiter!.waits('waits for others');
        try {
          for (let offset = 0; ; offset++) {
            happened.push(`page ${offset}`);
            yield [{ offset, timestamp: 1, key: null, value: null, headers: {} }];
          }
        } finally {
          happened.push(`ended, ${waiter!.wanted() ? '' : 'not '}wanted`);
        }
      },
    },
    consumer: { start: () => void happened.push('log') },
  });
  await reading.begin({
    target: {} as ClaimedUnit,
    from: 0,
    wanted: () => wanted,
    waits: (what) => void happened.push(what!),
    async take() {
      wanted = false;
    },
    stop: () => undefined,
    lose: () => undefined,
  });
  expect(happened).toEqual(['waits for others', 'page 0', 'ended, not wanted']);
});

describe('after a rebalance', () => {
  /** Ten records of a log of twenty are reduced; then the log has lost all below an offset, which nobody archived. */
  const noEvents = ({ offset, timestamp }: LogRecord): DecodedRecord => ({
    kind: 'deadLetter',
    offset,
    timestamp,
    reason: 'no event',
  });

  async function resume(logStart: number, { claimedAnew = false } = {}) {
    const house = openHistoryHouse();
    const happened = { stopped: '', startedAt: null as number | null };
    try {
      house.append(20);
      const intake = createIntake({
        erasures: NO_ERASURES,
        moduleId: 'm.v1',
        keysOf: () => [],
        window: createIdWindow(100),
        position: claimedAnew ? 10 : 0,
        readFrom: 0,
        anchor: claimedAnew ? { offset: 9, timestamp: house.all[9]!.timestamp, id: null } : null,
        duplicate: () => undefined,
      });
      if (!claimedAnew) intake.take(house.all.slice(0, 10), noEvents);
      house.fake.trim(at, logStart);
      const reading = createReading({
        at,
        log: house.fake.log,
        history: house.history,
        consumer: { start: (_, offset) => void Object.assign(happened, { startedAt: offset }) },
      });
      await reading.begin({
        target: intake as unknown as ClaimedUnit,
        from: intake.resumeFrom(),
        wanted: () => true,
        waits: () => undefined,
        take: async () => undefined,
        stop: (reason) => void Object.assign(happened, { stopped: reason }),
        lose: () => undefined,
      });
      return { ...happened, items: intake.take(house.all.slice(10), noEvents) };
    } finally {
      house.remove();
    }
  }

  test('a unit goes on at its position when the record before it expired and is not archived', async () => {
    const { stopped, startedAt, items } = await resume(10);
    expect({ stopped, startedAt }).toEqual({ stopped: '', startedAt: 10 });
    expect(items).toMatchObject({ kind: 'ok', items: { length: 10 } });
  });

  test('it looks at that record again where the log has it', async () => {
    expect(await resume(9)).toMatchObject({ stopped: '', startedAt: 9 });
  });

  test('it stops when records that it has not reduced are nowhere', async () => {
    expect(await resume(12)).toMatchObject({
      stopped: expect.stringMatching('offsets 10 to 11'),
      startedAt: null,
    });
  });

  test('it stops when records are nowhere that it had yet to read back', async () => {
    const { stopped } = await resume(10, { claimedAnew: true });
    expect(stopped).toMatch('offsets 0 to 9');
  });
});
