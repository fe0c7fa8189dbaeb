import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { terminal } from '../../services/cli/answer.ts';
import type { House } from '../../services/cli/house.ts';
import { createModulesCommand } from '../../services/cli/modules.ts';
import type { RunInHouse } from '../../services/cli/run-in-house.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { checkpoint, closeHouses, letterOf, unitOf } from './cli-house.ts';
import { activeOf, deployed, PARTITIONS, store, v2 } from './versions-house.ts';

const printed: string[] = [];

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation((text) => void printed.push(String(text)));
  jest.spyOn(console, 'table').mockImplementation((rows) => void printed.push(JSON.stringify(rows)));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeHouses();
});

async function lectern(house: House, words: string): Promise<string> {
  const run: RunInHouse = (_, action) => action(house, terminal);
  const program = new Command('lectern').addCommand(createModulesCommand(null, run));
  const every = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    command.commands.forEach(every);
  };
  every(program);
  printed.length = 0;
  await program.parseAsync(words.split(' '), { from: 'user' });
  return printed.join('\n');
}

describe('modules status', () => {
  test('tells versions, which is shown, how far each is, and what it waits for', async () => {
    const house = await deployed();
    const rows = JSON.parse(await lectern(house, 'modules status --json'));
    expect(rows).toEqual([
      {
        module: 'm',
        version: 1,
        active: true,
        installed: true,
        progress: 1,
        behind: 0,
        sets: [{ set: 'events', units: 2, ready: 2 }],
        waits: null,
        auto: true,
        because: 'no lower version ran before',
      },
      {
        module: 'm',
        version: 2,
        active: false,
        installed: true,
        progress: 0.75,
        behind: 5,
        sets: [{ set: 'events', units: 2, ready: 1 }],
        waits: 'cli.events.org.test/1: it is rebuilt: 5 of 10',
        auto: true,
        because: null,
      },
    ]);
    const table = await lectern(house, 'modules status m');
    expect(table).toContain('"sets":"events 1/2"');
    expect(table).toContain('"progress":"75 %"');
    await expect(lectern(house, 'modules status other')).rejects.toThrow('no module other is installed');
  });

  test('tells of versions whose code is not here, as long as they have states', async () => {
    const house = await deployed({ modules: [v2] });
    const versions = async (): Promise<unknown> =>
      JSON.parse(await lectern(house, 'modules status --json')).map(
        (row: { version: number; installed: boolean }) => [row.version, row.installed],
      );
    expect(await versions()).toEqual([
      [1, false],
      [2, true],
    ]);
    await lectern(house, 'modules promote m 2 --now');
    await lectern(house, 'modules remove m 1');
    expect(await versions()).toEqual([[2, true]]);
  });
});

describe('modules promote', () => {
  test('refuses what is half-built, and says what it would show; does it with --now', async () => {
    const house = await deployed();
    await expect(lectern(house, 'modules promote m 2')).rejects.toThrow(
      /version 2 of m is not ready .*1 of its 2 units are not made yet.*`rebuilding` \(75 %\).*--now/,
    );
    expect(activeOf(house)).toBe(1);
    expect(await lectern(house, 'modules promote m 2 --now')).toBe(
      'version 2 of m is shown when the product is started again',
    );
    expect(activeOf(house)).toBe(2);
    expect(await lectern(house, 'modules promote m 2')).toBe('version 2 of m is shown already');
  });

  test('refuses what has less than what is shown', async () => {
    const house = await deployed();
    await store(house, 'm.v2', [10, 10]);
    await store(house, 'm.v1', [10, 13]);
    await expect(lectern(house, 'modules promote m 2')).rejects.toThrow('would go back by 3 records');
    await store(house, 'm.v2', [10, 13]);
    await lectern(house, 'modules promote m 2');
    expect(house.control.activeVersion('m')).toMatchObject({ version: 2, previous: 1, auto: true });
  });

  test('waits a moment for a version that keeps up, while workers may run', async () => {
    const house = await deployed();
    await store(house, 'm.v2', [10, 10]);
    await store(house, 'm.v1', [10, 13]);
    const running: House = {
      ...house,
      mayRun: true,
      clock: { ...systemClock, sleep: () => store(house, 'm.v2', [10, 13]) },
    };
    expect(await lectern(running, 'modules promote m 2')).toBe('version 2 of m is shown');
  });

  test.each([
    ['modules promote m 3', 'no version 3 of m is installed here, nor has it states; there are: 1, 2'],
    ['modules promote other 1', 'no module other is installed'],
    ['modules promote m 0', 'whole number from 1'],
    ['modules promote m 1.5', 'whole number from 1'],
  ])('%s: %s', async (words, problem) => {
    const house = await deployed();
    await expect(lectern(house, words)).rejects.toThrow(problem);
  });

  test('says so when somebody else decides at the same moment', async () => {
    const house = await deployed();
    await store(house, 'm.v2', [10, 10]);
    const { publish } = house.control;
    const late: House = {
      ...house,
      control: {
        ...house.control,
        async publish(record) {
          if (record.kind === 'active-version') await publish({ ...record, version: 1, auto: false });
          await publish(record);
        },
      },
    };
    await expect(lectern(late, 'modules promote m 2')).rejects.toThrow('another decision on m came first');
    expect(activeOf(house)).toBe(1);
  });
});

describe('modules rollback', () => {
  test('goes back to the version before, which sticks until one is promoted', async () => {
    const house = await deployed();
    await store(house, 'm.v2', [10, 10]);
    await lectern(house, 'modules promote m 2');
    expect(await lectern(house, 'modules rollback m')).toContain('version 1 of m is shown');
    expect(house.control.activeVersion('m')).toMatchObject({ version: 1, previous: 2, auto: false });
    const [, second] = JSON.parse(await lectern(house, 'modules status --json'));
    expect(second.waits).toBe('a person decided for 1: lectern modules promote m 2');
    await expect(lectern(house, 'modules rollback m')).rejects.toThrow('somebody went back to it from 2');
    await lectern(house, 'modules promote m 2');
    expect(house.control.activeVersion('m')).toMatchObject({ version: 2, auto: true });
  });

  test('refuses a version that does not keep up, and says how far it is behind', async () => {
    const house = await deployed();
    await store(house, 'm.v2', [10, 17]);
    await lectern(house, 'modules promote m 2');
    await expect(lectern(house, 'modules rollback m')).rejects.toThrow(
      /version 1 of m does not keep up .*go back by 7 records.*--now/,
    );
    expect(await lectern(house, 'modules rollback m --now')).toContain('it is behind');
    expect(activeOf(house)).toBe(1);
  });

  test('refuses where there is none to go back to, or it has no states any more, whatever is said', async () => {
    const house = await deployed();
    await expect(lectern(house, 'modules rollback m')).rejects.toThrow('none to go back to');
    await lectern(house, 'modules promote m 2 --now');
    await lectern(house, 'modules remove m 1');
    await expect(lectern(house, 'modules rollback m --now')).rejects.toThrow(
      /states of version 1 of m are not there any more.*LECTERN_MODULES/,
    );
    expect(activeOf(house)).toBe(2);
  });
});

describe('modules remove', () => {
  test('removes all that a version has, and nothing of others', async () => {
    const house = await deployed();
    const letter = letterOf(unitOf(0, 'm.v2'), 3);
    await checkpoint(house.state, unitOf(0, 'm.v2'), 11, { deadLetters: [letter] });
    expect(await lectern(house, 'modules remove m 2')).toBe(
      'm.v2 is removed: 2 units with their states; its events stay archived; it is installed here: where a worker is started with it, it is made again',
    );
    for (const partition of PARTITIONS) {
      expect(await house.state.position(unitOf(partition, 'm.v2'))).toBeNull();
      expect(await house.state.deadLetterKeys(unitOf(partition, 'm.v2'))).toEqual([]);
      expect(await house.state.position(unitOf(partition, 'm.v1'))).toMatchObject({ next: 10 });
    }
    expect(await lectern(house, 'modules remove m 2')).toBe('m.v2 has no states');
  });

  test('refuses the version that is shown, and where none is', async () => {
    const house = await deployed();
    await expect(lectern(house, 'modules remove m 1')).rejects.toThrow('version 1 of m is shown');
    await expect(lectern(house, 'modules remove other 1')).rejects.toThrow('is not decided');
    expect(await house.state.position(unitOf(0))).not.toBeNull();
  });

  test('refuses a version whose workers run', async () => {
    const house = await deployed();
    const running: House = {
      ...house,
      mayRun: true,
      clock: { ...systemClock, sleep: () => store(house, 'm.v2', [10, 6]) },
    };
    await expect(lectern(running, 'modules remove m 2')).rejects.toThrow(
      /workers of m\.v2 run.*LECTERN_MODULES/,
    );
    expect(await house.state.position(unitOf(1, 'm.v2'))).toMatchObject({ next: 6 });
  });
});
