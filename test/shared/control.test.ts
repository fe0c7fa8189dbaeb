import { afterEach, expect, test } from '@jest/globals';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import { LecternError } from '../../services/shared/errors.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { waitFor } from '../support/wait.ts';
import { closeAll, openControl, openLog, TOPIC, unit, verdict } from './control-house.ts';

afterEach(closeAll);

const append = async (log: EventLog, text: string): Promise<void> => {
  const producer = await log.createProducer();
  await producer.send([{ topic: TOPIC, key: 'x', value: Buffer.from(text) }]);
};

test('what is published is taken in when publish resolves, and told to whoever watches', async () => {
  const { control } = openControl(await openLog());
  const told: ControlRecord[] = [];
  const unwatch = control.watch((record) => told.push(record));
  const live = control.leftOut(unit);
  await control.publish(verdict(7));
  expect([...live]).toEqual([['m.r@7', verdict(7)]]);
  expect(told).toEqual([verdict(7)]);
  unwatch();
  await control.publish(verdict(8));
  expect(live.size).toBe(2);
  expect(told).toHaveLength(1);
});

test('verdicts are kept apart by module, topic and partition', async () => {
  const { control } = openControl(await openLog());
  await Promise.all([
    control.publish(verdict(1)),
    control.publish(verdict(2, { module: 'm.v2' })),
    control.publish(verdict(3, { topic: 'other' })),
    control.publish(verdict(4, { partition: 4 })),
  ]);
  expect([...control.leftOut(unit).keys()]).toEqual(['m.r@1']);
});

test('another process that is caught up knows all that was published before it asked', async () => {
  const log = await openLog();
  const writer = openControl(log).control;
  const reader = openControl(log).control;
  const rounds = Array.from({ length: 30 }, async (_, round) => {
    await writer.publish(verdict(round));
    await reader.caughtUp();
    expect(reader.leftOut(unit).has(`m.r@${round}`)).toBe(true);
  });
  await Promise.all(rounds);
});

test('whoever asks while another question is under way is not told by that one', async () => {
  const log = await openLog();
  const answers: (() => void)[] = [];
  let held = false;
  const slow: EventLog = {
    ...log,
    async offsets(topic) {
      const found = await log.offsets(topic);
      if (held) await new Promise<void>((resolve) => answers.push(resolve));
      return found;
    },
  };
  const reader = openControl(slow).control;
  await reader.caughtUp();
  // Its own following must not be what brings the record: only the question may.
  held = true;
  const first = reader.caughtUp();
  await waitFor(() => answers.length === 1);
  await openControl(log).control.publish(verdict(1));
  const second = reader.caughtUp();
  answers.shift()!();
  await first;
  await waitFor(() => answers.length === 1);
  answers.shift()!();
  await second;
  expect(reader.leftOut(unit).has('m.r@1')).toBe(true);
});

test('being caught up costs one question when nothing is new, however many ask at once', async () => {
  const log = await openLog();
  let questions = 0;
  const counting: EventLog = {
    ...log,
    async offsets(topic) {
      questions += 1;
      return await log.offsets(topic);
    },
  };
  const { control } = openControl(counting);
  await control.publish(verdict(1));
  questions = 0;
  await control.caughtUp();
  expect(questions).toBe(1);
  questions = 0;
  await Promise.all(Array.from({ length: 100 }, () => control.caughtUp()));
  expect(questions).toBe(1);
});

test('a broken record is counted, warned of and ignored; one of a later version is only ignored', async () => {
  const log = await openLog();
  const { control, registry, logged } = openControl(log);
  await append(log, 'not JSON');
  await append(log, JSON.stringify({ ...verdict(1), partition: 'three' }));
  await append(log, JSON.stringify({ kind: 'of-a-later-version', student: 'of another version' }));
  await append(log, JSON.stringify({ ...verdict(2), added: 'by a later version' }));
  await control.caughtUp();
  expect([...control.leftOut(unit).values()]).toEqual([verdict(2)]);
  const metrics = await registry.metrics();
  for (const [outcome, count] of [
    ['taken', 1],
    ['broken', 2],
    ['unknown', 1],
  ])
    expect(metrics).toContain(`lectern_control_records_total{outcome="${outcome}"} ${count}`);
  expect(metrics).toContain('lectern_control_verdicts 1');
  expect(logged).toHaveLength(2);
  expect(logged[1]).toContain('partition');
  expect(logged.join()).not.toContain('secret');
});

test('the last word on a module counts, and says how to go on', async () => {
  const { control } = openControl(await openLog());
  expect(control.pausedBecause('m')).toBeNull();
  await control.publish({ kind: 'module-switch', module: 'm', paused: true, reason: 'it fails' });
  expect(control.pausedBecause('m')).toBe('paused: it fails; to go on: lectern modules resume m');
  expect(control.pausedBecause('n')).toBeNull();
  await control.publish({ kind: 'module-switch', module: 'm', paused: false, reason: 'mended' });
  expect(control.pausedBecause('m')).toBeNull();
});

test('the first verdict stands, but a requeue is known, and a drop is final', async () => {
  const { control } = openControl(await openLog());
  const standing = () => control.leftOut(unit).get('m.r@1')?.why;
  for (const [why, then] of [
    ['budget', 'budget'],
    ['state', 'budget'],
    ['requeue', 'requeue'],
    ['killer', 'requeue'],
    ['drop', 'drop'],
    ['requeue', 'drop'],
    ['budget', 'drop'],
  ] as const) {
    await control.publish(verdict(1, { why }));
    expect(standing()).toBe(then);
  }
});

test('a listener that throws keeps nobody from what was decided', async () => {
  const { control, logged } = openControl(await openLog());
  const told: ControlRecord[] = [];
  control.watch(() => {
    throw new Error('a bug');
  });
  control.watch((record) => told.push(record));
  await control.publish(verdict(1));
  expect(told).toEqual([verdict(1)]);
  expect(logged.join()).toContain('a listener');
});

test('while the log does not answer both reject, and later they do again by themselves', async () => {
  const log = await openLog();
  let away = true;
  const fault = new LecternError('LOG_UNAVAILABLE', 'nobody there', { retriable: true });
  const failing: EventLog = {
    ...log,
    async offsets(topic) {
      if (away) throw fault;
      return await log.offsets(topic);
    },
    async createProducer() {
      if (away) throw fault;
      return await log.createProducer();
    },
  };
  const { control } = openControl(failing);
  await expect(control.caughtUp()).rejects.toThrow('nobody there');
  await expect(control.publish(verdict(1))).rejects.toThrow('nobody there');
  away = false;
  await waitFor(() => control.publish(verdict(2)).then(() => true));
  await control.caughtUp();
  expect([...control.leftOut(unit).keys()]).toEqual(['m.r@2']);
});

test('a consumer that fails is followed by another, which goes on where it stopped', async () => {
  const log = await openLog();
  const fails: ((error: Error) => void)[] = [];
  const wrapped: EventLog = {
    ...log,
    createConsumer(options) {
      const consumer = log.createConsumer(options);
      return {
        ...consumer,
        run(handlers) {
          fails.push(handlers.failed);
          return consumer.run(handlers);
        },
      };
    },
  };
  const { control } = openControl(wrapped);
  const told: ControlRecord[] = [];
  control.watch((record) => told.push(record));
  await control.publish(verdict(1));
  fails[0]!(new Error('beyond recovery'));
  await waitFor(() => control.publish(verdict(2)).then(() => true));
  expect(fails).toHaveLength(2);
  expect(told.filter((record) => record.kind === 'left-out' && record.offset === 1)).toHaveLength(1);
  expect(control.leftOut(unit).has('m.r@2')).toBe(true);
});

test('when it is closed, whoever waits is told', async () => {
  const log = await openLog();
  const { control } = openControl({ ...log, offsets: () => new Promise(() => undefined) });
  const publishing = control.publish(verdict(1));
  const told = expect(publishing).rejects.toMatchObject({ code: 'CLOSED' });
  await waitFor(async () => (await log.offsets(TOPIC))[0]!.end === 1);
  void control.close();
  await told;
  await expect(control.publish(verdict(2))).rejects.toMatchObject({ code: 'CLOSED' });
});
