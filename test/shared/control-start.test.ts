import { afterEach, describe, expect, test } from '@jest/globals';
import type { ArchiveStore } from '../../services/shared/archive/port.ts';
import type { ControlRecord } from '../../services/shared/control/port.ts';
import type { EventLog } from '../../services/shared/log/port.ts';
import { waitFor } from '../support/wait.ts';
import { closeAll, openArchive, openControl, openLog, snapshotsIn, unit, verdict } from './control-house.ts';

afterEach(closeAll);

/** Its times come at once. */
const soon = {
  now: Date.now,
  sleep: async () => undefined,
  every(_: number, action: () => void) {
    const immediate = setImmediate(action);
    return () => clearImmediate(immediate);
  },
};

async function* noPages(): AsyncGenerator<never> {}

/** A topic of some decisions, with a snapshot of the first. */
async function openHouse(): Promise<{ readonly log: EventLog; readonly archive: ArchiveStore }> {
  const log = await openLog();
  const archive = openArchive();
  const { control } = openControl(log, { archive, snapshotEvery: 4, clock: soon });
  await control.publish({ kind: 'module-switch', module: 'm', paused: true, reason: 'tired' });
  await control.publish({ kind: 'unit-claimed', ...unit, token: 'one' });
  await control.publish(verdict(7, { token: 'one' }));
  await control.publish(verdict(8, { why: 'drop' }));
  await waitFor(async () => (await snapshotsIn(archive).snapshots.newestPosition()) > 0);
  await control.close();
  return { log, archive };
}

/** The log, and from where on its control topic was read. */
function watched(log: EventLog): { readonly log: EventLog; readonly from: number[] } {
  const from: number[] = [];
  const createConsumer: EventLog['createConsumer'] = (options) => {
    const consumer = log.createConsumer(options);
    const start: typeof consumer.start = (place, offset) => {
      from.push(offset);
      consumer.start(place, offset);
    };
    return { ...consumer, start };
  };
  return { log: { ...log, createConsumer }, from };
}

describe('a process that starts', () => {
  test('goes on from the newest snapshot, knows all that was decided, and tells who watches', async () => {
    const { log, archive } = await openHouse();
    const seen = watched(log);
    const { control } = openControl(seen.log, { archive, clock: soon });
    const heard: ControlRecord[] = [];
    control.watch((one) => heard.push(one));
    await control.caughtUp();
    await waitFor(() => seen.from.length > 0);
    expect(seen.from).toEqual([4]);
    expect([...control.leftOut(unit).keys()]).toEqual(['m.r@7', 'm.r@8']);
    expect(control.pausedBecause('m')).toContain('tired');
    expect(heard).toEqual([{ kind: 'module-switch', module: 'm', paused: true, reason: 'tired' }]);
    // Of the claim before the snapshot: it still counts.
    await control.publish(verdict(9, { token: 'one' }));
    await control.publish(verdict(10, { token: 'another' }));
    expect([...control.leftOut(unit).keys()]).toEqual(['m.r@7', 'm.r@8', 'm.r@9']);
  });

  test('reads the whole topic while the archive does not answer', async () => {
    const { log, archive } = await openHouse();
    const away = () => {
      throw new Error('away');
    };
    const seen = watched(log);
    const { control, logged } = openControl(seen.log, { archive: { ...archive, list: away }, clock: soon });
    await control.caughtUp();
    expect(seen.from).toEqual([0]);
    expect([...control.leftOut(unit).keys()]).toEqual(['m.r@7', 'm.r@8']);
    expect(logged.join()).toContain('no snapshot can be had');
  });

  test.each([
    ['shorter', 2, 'it was read up to 4'],
    ['as long', 6, 'another record at offset 3'],
  ])('refuses a topic that was made anew and is %s', async (_, count, problem) => {
    const { archive } = await openHouse();
    const other = await openLog();
    const first = openControl(other, { clock: soon });
    for (let index = 0; index < count; index++)
      await first.control.publish({ kind: 'unit-claimed', ...unit, token: `other ${index}` });
    const { control } = openControl(other, { archive, clock: soon });
    await expect(control.caughtUp()).rejects.toMatchObject({
      code: 'UNIT_STOPPED',
      message: expect.stringContaining(problem),
    });
  });

  test('makes no snapshot where another process has just made one', async () => {
    const { log, archive } = await openHouse();
    let asked = 0;
    const puts: string[] = [];
    const late: ArchiveStore = {
      ...archive,
      // Nothing is there yet when it starts.
      list: (options) => (asked++ === 0 ? noPages() : archive.list(options)),
      async putIfAbsent(name) {
        puts.push(name);
        return 'created';
      },
    };
    const { control } = openControl(log, { archive: late, snapshotEvery: 4, clock: soon });
    await control.caughtUp();
    await waitFor(() => asked === 2);
    await control.close();
    expect(puts).toEqual([]);
  });
});
