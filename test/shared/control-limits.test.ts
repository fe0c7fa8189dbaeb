import { afterEach, expect, test } from '@jest/globals';
import { closeAll, openControl, openLog, TOPIC, unit, verdict } from './control-house.ts';

afterEach(closeAll);

/** Of what was decided before offset 7, nobody has anything. */
const lost = { start: async () => 7, async *archived() {} };

const open = async () => openControl(await openLog(), { verdictLimits: { ofWorkers: 2, ofPersons: 2 } });

test('a module version with too many verdicts gets no more, and is told what to do; others do', async () => {
  const { control } = await open();
  for (const offset of [1, 2]) await control.publish(verdict(offset));
  await expect(control.publish(verdict(3, { partition: 5 }))).rejects.toMatchObject({
    code: 'UNIT_STOPPED',
    message: expect.stringMatching(/m\.v1.*lectern dead-letters requeue --module m\.v1 .*VERSION/),
  });
  for (const module of ['m.v2', 'n.v1']) await control.publish(verdict(3, { module }));
  expect(control.leftOut(unit).size).toBe(2);
});

test('a topic whose beginning is lost gets no records of those who try to go on', async () => {
  const log = await openLog();
  const { control } = openControl(log, { history: { ...lost, read: log.read } });
  for (let times = 0; times < 3; times++)
    await expect(control.publish({ kind: 'unit-claimed', ...unit, token: 'one' })).rejects.toMatchObject({
      code: 'UNIT_STOPPED',
    });
  expect(await log.offsets(TOPIC)).toMatchObject([{ end: 0 }]);
});

test('what is left out already may be said again', async () => {
  const { control } = await open();
  for (const offset of [1, 2, 1, 2]) await control.publish(verdict(offset));
  expect(control.leftOut(unit).size).toBe(2);
});

test('a person may requeue and drop whatever the module did, which makes room again', async () => {
  const { control } = await open();
  for (const offset of [1, 2]) await control.publish(verdict(offset));
  await control.publish(verdict(1, { why: 'requeue' }));
  await control.publish(verdict(9, { why: 'drop' }));
  await control.publish(verdict(3));
  await expect(control.publish(verdict(4))).rejects.toMatchObject({ code: 'UNIT_STOPPED' });
});

test('what persons decided is bounded too, but never what they decide of an event that is left out', async () => {
  const { control } = await open();
  for (const offset of [1, 2]) await control.publish(verdict(offset, { why: 'requeue' }));
  await expect(control.publish(verdict(3, { why: 'drop' }))).rejects.toMatchObject({
    message: expect.stringMatching(/requeued or dropped.*VERSION/),
  });
  await control.publish(verdict(2, { why: 'drop' }));
  await control.publish(verdict(4));
  await control.publish(verdict(4, { why: 'drop' }));
  expect(control.leftOut(unit).get('m.r@4')).toMatchObject({ why: 'drop' });
});
