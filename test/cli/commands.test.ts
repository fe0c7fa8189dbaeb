import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { terminal } from '../../services/cli/answer.ts';
import { createDeadLettersCommand } from '../../services/cli/dead-letters.ts';
import type { House } from '../../services/cli/house.ts';
import { createModulesCommand } from '../../services/cli/modules.ts';
import type { RunInHouse } from '../../services/cli/run-in-house.ts';
import { rangesOf } from '../../services/shared/log/ranges.ts';
import { appendEvents, checkpoint, closeHouses, letterOf, openTestHouse, unitOf } from './cli-house.ts';

const printed: string[] = [];

beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation((text) => void printed.push(String(text)));
  jest.spyOn(console, 'table').mockImplementation((rows) => void printed.push(JSON.stringify(rows)));
});

afterEach(async () => {
  jest.restoreAllMocks();
  printed.length = 0;
  process.exitCode = undefined;
  await closeHouses();
});

/** Runs `lectern <words>` in a house, and answers with what it prints. */
async function lectern(house: House, words: string): Promise<string> {
  const run: RunInHouse = (_, action) => action(house, terminal);
  const program = new Command('lectern')
    .addCommand(createModulesCommand({}, run))
    .addCommand(createDeadLettersCommand(run));
  const every = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    command.commands.forEach(every);
  };
  every(program);
  printed.length = 0;
  await program.parseAsync(words.split(' '), { from: 'user' });
  return printed.join('\n');
}

async function houseWithLetters(given: Partial<House> = {}): Promise<House> {
  const house = await openTestHouse(given);
  await appendEvents(house.log, 10, 0);
  const letters = [1, 2, 3].map((offset) => letterOf(unitOf(0), offset));
  await checkpoint(house.state, unitOf(0), 10, { deadLetters: letters });
  return house;
}

test('list prints a table, or JSON', async () => {
  const house = await houseWithLetters();
  expect(await lectern(house, 'dead-letters list --from 2')).toContain('refused 3');
  const json = JSON.parse(await lectern(house, 'dead-letters list --json --limit 1')) as object;
  expect(json).toEqual({
    deadLetters: [{ ...unitOf(0), offset: 1, reducer: 'm.r', reason: 'refused 1' }],
    more: true,
  });
  const none = 'no open dead letter passes these filters';
  expect(await lectern(house, 'dead-letters list --partition 1')).toBe(none);
  expect(await lectern(house, 'dead-letters drop --partition 1')).toBe(none);
  await expect(lectern(house, 'dead-letters list --from 3 --to 2')).rejects.toThrow('--from 3 lies beyond');
});

test('show says how to reduce it again', async () => {
  const house = await houseWithLetters();
  expect(await lectern(house, 'dead-letters show --offset 2')).toContain(
    'lectern dead-letters requeue --module m.v1 --reducer m.r',
  );
});

test('several are requeued or dropped only with --yes, and never more than the limit', async () => {
  const house = await houseWithLetters();
  for (const command of ['requeue', 'drop']) {
    await expect(lectern(house, `dead-letters ${command} --module m`)).rejects.toThrow('add --yes');
    await expect(lectern(house, `dead-letters ${command} --yes --limit 2`)).rejects.toThrow('more than 2');
  }
  expect((await house.log.offsets(unitOf(0).topic))[0]!.end).toBe(10);
  expect(house.control.leftOut(unitOf(0)).size).toBe(0);
  expect(await lectern(house, 'dead-letters requeue --yes')).toMatch(/^(requeued: m\.v1 m\.r .*\n?){3}$/);
  expect(process.exitCode).toBeUndefined();
  expect((await house.log.offsets(unitOf(0).topic))[0]!.end).toBe(13);
});

test('one is dropped without, and what could not be done ends with 1', async () => {
  const house = await houseWithLetters();
  expect(await lectern(house, 'dead-letters drop --offset 1')).toContain('dropped: m.v1 m.r');
  expect(process.exitCode).toBeUndefined();
  expect(JSON.parse(await lectern(house, 'dead-letters drop --offset 1 --json'))).toMatchObject([
    { status: 'skipped', because: 'it was dropped' },
  ]);
  expect(process.exitCode).toBe(1);
});

test('to wait for a worker makes no sense on a data directory that this process has', async () => {
  const house = await houseWithLetters({ mayRun: false });
  await expect(lectern(house, 'dead-letters requeue --offset 1 --wait')).rejects.toThrow('leave it out');
  expect((await house.log.offsets(unitOf(0).topic))[0]!.end).toBe(10);
});

test.each(['list --offset -1', 'list --limit 0', 'list --partition x', 'requeue --wait 0'])(
  'dead-letters %s is refused',
  async (words) => {
    await expect(lectern(await openTestHouse(), `dead-letters ${words}`)).rejects.toThrow('must be');
  },
);

test('a module is paused and resumed once, and one that is not installed is named', async () => {
  const house = await openTestHouse();
  expect(await lectern(house, 'modules pause m --reason maintenance')).toContain('lectern modules resume m');
  expect(house.control.pausedBecause('m')).toContain('maintenance');
  expect(await lectern(house, 'modules pause m')).toContain('is paused already');
  expect(await lectern(house, 'modules resume m')).toBe('m goes on');
  expect(house.control.pausedBecause('m')).toBeNull();
  expect(await lectern(house, 'modules resume m')).toBe('m runs already');
  await expect(lectern(house, 'modules pause other')).rejects.toThrow('there are: m');
  await expect(lectern(house, 'modules pause m.v1')).rejects.toThrow(
    'all versions of a module pause together',
  );
});

test('what nobody can see yet, because nothing runs meanwhile, is said', async () => {
  const house = await houseWithLetters({ mayRun: false });
  const later = 'when the product is started again';
  expect(await lectern(house, 'dead-letters requeue --offset 1')).toContain(later);
  expect(await lectern(house, 'modules pause m')).toContain(later);
});

test('offsets that lie close together are read in one go, others are not read past', () => {
  expect(rangesOf([5, 3, 3, 9, 100], 10)).toEqual([
    { from: 3, to: 10 },
    { from: 100, to: 101 },
  ]);
  expect(rangesOf([])).toEqual([]);
});
