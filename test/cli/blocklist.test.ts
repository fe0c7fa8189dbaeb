import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { systemClock } from '../../services/shared/clock.ts';
import { catchPrinted, lectern } from './access-commands.ts';
import { closeHouses, openTestHouse } from './cli-house.ts';

beforeEach(catchPrinted);

afterEach(async () => {
  jest.restoreAllMocks();
  await closeHouses();
});

const at = (now: number) => openTestHouse({ clock: { ...systemClock, now: () => now } });

test.each([
  [['PERMANENT'], 'PERMANENT', null],
  [['MINUTES'], 'MINUTES', 301_000],
  [['DAYS'], 'DAYS', 86_401_000],
  [['5000'], 5_000, 6_000],
])('a block for %j ends when it says', async (limit, timeLimit, until) => {
  const house = await at(1_000);
  const words = ['blocklist', 'add', 'source', 'org.x', '--action', 'DROP', '--time-limit', ...limit];
  expect(await lectern(house, [...words, '--message', 'no more'])).toContain('source org.x is blocked');
  expect([...house.control.blocks.values()]).toEqual([
    {
      kind: 'block',
      subject: 'source',
      value: 'org.x',
      action: 'DROP',
      timeLimit,
      message: 'no more',
      created: 1_000,
      until,
    },
  ]);
});

test('a block is permanent and keeps what clients have, unless something else is said; it is listed and removed', async () => {
  const house = await at(1_000);
  await lectern(house, ['blocklist', 'add', 'domain', 'Schöne.Example']);
  await lectern(house, ['blocklist', 'add', 'safe_user_id', 'ls-ls-bob', '--time-limit', '1']);
  expect(JSON.parse(await lectern(house, ['blocklist', 'list', '--json']))).toMatchObject([
    {
      subject: 'domain',
      value: 'xn--schne-lua.example',
      action: 'MAINTAIN',
      timeLimit: 'PERMANENT',
      ended: false,
    },
    { subject: 'safe_user_id', value: 'ls-ls-bob', ended: false },
  ]);
  const remove = ['blocklist', 'remove', 'domain', 'schöne.example'];
  expect(await lectern(house, remove)).toContain('is not blocked any more');
  expect(await lectern(house, remove)).toContain('is not blocked');
  expect([...house.control.blocks.keys()]).toEqual(['safe_user_id:ls-ls-bob']);
});

test.each([
  [['school', 'x'], /source, domain, safe_user_id/],
  [['domain', '@school.org'], /without @/],
  [['domain', 'https://school.org/'], /without @/],
  [['source', ''], /1 to 1000/],
  [['source', 'x', '--action', 'TRANSMIT'], /DROP, MAINTAIN/],
  [['source', 'x', '--time-limit', 'YEARS'], /PERMANENT, MINUTES, DAYS/],
  [['source', 'x', '--time-limit', '0'], /milliseconds/],
  [['source', 'x', '--message', ' '], /1 to 500/],
])('blocklist add %j is refused, and blocks nobody', async (words, message) => {
  const house = await at(1_000);
  await expect(lectern(house, ['blocklist', 'add', ...words])).rejects.toThrow(message);
  await house.control.caughtUp();
  expect(house.control.blocks.size).toBe(0);
});

test('what nobody can see yet, because nothing runs meanwhile, is said', async () => {
  const house = await openTestHouse({ mayRun: false });
  const later = 'when the product is started again';
  expect(await lectern(house, ['blocklist', 'add', 'source', 'x'])).toContain(later);
  expect(await lectern(house, ['blocklist', 'remove', 'source', 'x'])).toContain(later);
});
