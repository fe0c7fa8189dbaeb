import { expect, test } from '@jest/globals';
import { LecternError } from '../../services/shared/errors.ts';
import type { LogRecord } from '../../services/shared/log/port.ts';
import type { ClaimedUnit } from '../../services/worker/claimed-unit.ts';
import { createReading } from '../../services/worker/reading.ts';

const at = { topic: 'test.events.essay', partition: 0 };

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
    target: { position, expects: 1 } as ClaimedUnit,
    from: 0,
    wanted: () => true,
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
