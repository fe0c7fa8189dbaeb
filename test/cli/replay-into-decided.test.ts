import { expect, test } from '@jest/globals';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { isTombstone } from '../../services/shared/erasing/erased-record.ts';
import { newErasure } from '../../services/shared/erasing/new-erasure.ts';
import { eventsTopic, UNCLAIMED } from '../../services/shared/topics.ts';
import { copiedFrom, copyHeaders } from '../../services/shared/unclaimed/copy-headers.ts';
import { eventRecord } from '../support/events.ts';
import {
  inLog,
  makeOld,
  moveInto,
  NEW,
  NEW_TOPIC,
  newDir,
  OLD,
  OLD_TOPIC,
  recordsIn,
  withControl,
} from './move-house.ts';

/** What was decided of learners and sources goes with the events, and none comes twice, or back, by it. */

function decide(dataDir: string, record: ControlRecord): Promise<void> {
  return inLog(dataDir, (log) => withControl(log, OLD, (control) => control.publish(record)));
}

test('of a learner who is erased nothing is moved but that there was something, and the erasure holds there', async () => {
  const oldDir = await makeOld(200);
  const before = (Date.now() + 86_400_000) * 1_000;
  await decide(oldDir, newErasure({ salt: null }, { learner: 's7', before, now: Date.now() }));
  const target = newDir();
  await moveInto(oldDir, target);
  const moved = await recordsIn(target, NEW_TOPIC);
  expect(moved).toHaveLength(200);
  expect(moved.filter(isTombstone)).toHaveLength(10);
  expect(moved.filter(({ key }) => String(key) === 's7')).toEqual([]);
  await inLog(target, (log) =>
    withControl(log, NEW, async ({ erasures }) => {
      expect(erasures.of('s7')).toMatchObject({ before });
      expect(erasures.of('s8')).toBeNull();
    }),
  );
});

test('events that were claimed are moved once, and those that wait still wait', async () => {
  const oldDir = await makeOld(20);
  const waiting = eventsTopic(OLD, UNCLAIMED);
  const eventOf = (source: string, n: number) =>
    eventRecord({ namespace: OLD, source, student: `u${n % 5}`, id: `${source}-${n}`, fields: { n } });
  const copied = await inLog(oldDir, async (log) => {
    await log.ensureTopics([{ name: waiting, partitions: 4 }]);
    const producer = await log.createProducer();
    const send = (source: string, from: number, to: number) =>
      producer.send(
        Array.from({ length: to - from }, (_, index) => ({
          ...eventOf(source, from + index),
          topic: waiting,
        })),
      );
    await send('caliper', 0, 40);
    await send('stranger', 0, 10);
    const ends = (await log.offsets(waiting)).map(({ end }) => end);
    for (const [partition, to] of ends.entries())
      for await (const page of log.read({ topic: waiting, partition, from: 0, to }))
        for (const { offset, key, value, headers } of page)
          if (value!.includes('caliper'))
            await producer.send([
              {
                topic: OLD_TOPIC,
                key: String(key),
                value: value!,
                headers: { ...headers, ...copyHeaders({ topic: waiting, partition, offset }) },
              },
            ]);
    await send('caliper', 40, 45);
    return ends;
  });
  await decide(oldDir, { kind: 'source-claim', source: 'caliper', copied, switched: true });
  const target = newDir();
  await moveInto(oldDir, target);
  const taken = await recordsIn(target, NEW_TOPIC);
  expect(taken.filter(({ headers }) => copiedFrom(headers) !== null)).toHaveLength(40);
  const left = await recordsIn(target, eventsTopic(NEW, UNCLAIMED));
  expect(left.filter(({ value }) => value!.includes('caliper'))).toHaveLength(5);
  expect(left.filter(({ value }) => value!.includes('stranger'))).toHaveLength(10);
  await inLog(target, (log) =>
    withControl(log, NEW, async ({ claims }) => {
      expect(claims.get('caliper')).toMatchObject({ copied: [0], switched: true });
    }),
  );
});
