import { randomUUID } from 'node:crypto';
import { LecternError } from '../errors.ts';
import type { Batch, GroupConsumer, LogRecord, ReadRange } from './port.ts';

export interface KafkaReadDeps {
  readonly createConsumer: (groupId: string) => GroupConsumer;
  readonly deleteGroup: (groupId: string) => Promise<void>;
}

/** Reads a range as the only member of a group that lives as long as the read. */
export async function* readRange(
  range: ReadRange,
  deps: KafkaReadDeps,
): AsyncGenerator<readonly LogRecord[]> {
  if (range.from >= range.to) return;
  const groupId = `lectern-read-${randomUUID()}`;
  const consumer = deps.createConsumer(groupId);
  const arrived: { batch: Batch | null; error?: Error; taken: () => void }[] = [];
  let wake = (): void => undefined;
  const hand = (batch: Batch | null, error?: Error): Promise<void> =>
    new Promise((taken) => {
      arrived.push(error === undefined ? { batch, taken } : { batch, error, taken });
      wake();
    });
  let next = range.from;
  let taken = (): void => undefined;
  try {
    await consumer.run({
      assigned: () => consumer.start(range, next),
      revoked: () => undefined,
      batch: (batch) => hand(batch),
      caughtUp: () => void hand(null),
      outOfRange: ({ topic, partition }) =>
        void hand(
          null,
          new LecternError('OFFSET_OUT_OF_RANGE', `${topic}/${partition} no longer holds offset ${next}`),
        ),
      failed: (error) => void hand(null, error),
    });
    while (next < range.to) {
      taken();
      const item = arrived.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      taken = item.taken;
      if (item.error !== undefined) throw item.error;
      if (item.batch === null && arrived.length === 0) break;
      const records = (item.batch?.records ?? []).filter(({ offset }) => offset >= next && offset < range.to);
      next = Math.max(next, (item.batch?.records.at(-1)?.offset ?? -1) + 1);
      if (records.length > 0) yield records;
    }
  } finally {
    taken();
    for (const item of arrived) item.taken();
    await consumer.stop();
    await deps.deleteGroup(groupId).catch(() => undefined);
  }
}
