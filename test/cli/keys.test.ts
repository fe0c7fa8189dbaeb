import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { House } from '../../services/cli/house.ts';
import { createAccess } from '../../services/gateway/access.ts';
import { systemClock } from '../../services/shared/clock.ts';
import { createControl } from '../../services/shared/control/control.ts';
import { createLogger } from '../../services/shared/logger.ts';
import { controlTopic } from '../../services/shared/topics.ts';
import { bearer, post } from '../gateway/access-house.ts';
import { connect, createCleanUp, OPEN, SOURCE, startGateway, until } from '../gateway/support.ts';
import { catchPrinted, lectern } from './access-commands.ts';
import { closeHouses, historyOf, NAMESPACE, openTestHouse, readAll } from './cli-house.ts';

const cleanUp = createCleanUp();

beforeEach(catchPrinted);

afterEach(async () => {
  jest.restoreAllMocks();
  await cleanUp.run();
  await closeHouses();
});

const logged: string[] = [];
const logger = createLogger({
  service: 'test',
  level: 'debug',
  destination: { write: (line: string) => void logged.push(line) },
});

/** A gateway that follows the house's control topic by itself, as another process would. */
async function gatewayBeside({ log }: House) {
  const control = createControl({ log, history: historyOf(log), namespace: NAMESPACE, logger });
  cleanUp.add(() => control.close());
  const started = await startGateway({
    identity: { ...OPEN, methods: ['local_storage'], guests: false },
    access(registry) {
      const access = createAccess({
        control,
        requireKey: true,
        checkToken: null,
        clock: systemClock,
        registry,
      });
      access.start();
      return access;
    },
  });
  cleanUp.add(started.close);
  await until(() => started.gateway.notReady().length === 0, 'the gateway has read the control topic');
  return started;
}

const create = async (house: House, words: readonly string[] = ['--all-sources']): Promise<string> =>
  (await lectern(house, ['keys', 'create', '--name', 'a program', ...words])).split('\n')[0]!;

const event = { event: 'x', source: SOURCE, user_tag: 'bob' };

test('a key works in every gateway as soon as it is made, and ends with its sockets when it is revoked', async () => {
  const house = await openTestHouse();
  const [first, second] = [await gatewayBeside(house), await gatewayBeside(house)];
  const key = await create(house);
  expect(key).toMatch(/^lct_[0-9a-f]{12}_[0-9a-f]{64}$/);
  for (const { url } of [first, second])
    await until(async () => (await post(url, [event], bearer(key))).status === 200, 'the key is taken');
  const client = await connect(first.url, bearer(key));
  expect(await lectern(house, ['keys', 'revoke', key.split('_')[1]!])).toContain('is revoked');
  expect(await client.closed).toEqual({ code: 1008, reason: 'the API key was revoked' });
  for (const { url } of [first, second])
    await until(async () => (await post(url, [event], bearer(key))).status === 401, 'the key is refused');
});

test('a key stands in no topic, no log line, no metric and no answer, and its hash is not shown', async () => {
  const house = await openTestHouse();
  const { url, registry } = await gatewayBeside(house);
  const key = await create(house);
  const secret = key.split('_')[2]!;
  await until(async () => (await post(url, [event], bearer(key))).status === 200, 'the key is taken');
  const answers = [await post(url, [{ ...event, source: 4 }, event], bearer(key))];
  await lectern(house, ['keys', 'revoke', key]);
  await until(async () => (await post(url, [event], bearer(key))).status === 401, 'the key is refused');
  answers.push(await post(url, [event], bearer(key)), await post(url, [event], bearer(`${key}0`)));
  const list = await lectern(house, ['keys', 'list', '--json']);
  const records = await readAll(house.log, controlTopic(NAMESPACE), 0);
  const hash = [...house.control.apiKeys.values()][0]!.hash;
  const places = [
    records.map(({ value }) => String(value)).join('\n'),
    logged.join('\n'),
    await registry.metrics(),
    JSON.stringify(answers.map(({ body, headers }) => [body, [...headers]])),
    list,
  ];
  for (const place of places) expect(place).not.toContain(secret);
  for (const place of places.slice(1)) expect(place).not.toContain(hash);
  expect(places[0]).toContain(hash);
  expect(JSON.parse(list)).toMatchObject([{ name: 'a program', sources: null, state: 'revoked' }]);
});

test('a key is for sources, or for all, as somebody said; with an end, and for a page', async () => {
  const house = await openTestHouse({ clock: { ...systemClock, now: () => 1_000 } });
  const create = async (...words: string[]) =>
    JSON.parse(await lectern(house, ['keys', 'create', '--name', 'n', '--json', ...words])) as object;
  expect(await create('--source', 'a', '--source', 'b', '--expires', '2d', '--public')).toMatchObject({
    key: expect.stringMatching(/^lct_/),
    sources: ['a', 'b'],
    expires: new Date(1_000 + 2 * 86_400_000).toISOString(),
    vouches: false,
    state: 'valid',
  });
  expect(await create('--all-sources', '--expires', '2027-01-31T10:00Z')).toMatchObject({
    sources: null,
    expires: '2027-01-31T10:00:00.000Z',
    vouches: true,
  });
  expect(house.control.apiKeys.size).toBe(2);
});

test.each([
  [['--name', 'n'], /--source <source>.*--all-sources/],
  [['--name', 'n', '--source', 'a', '--all-sources'], /--all-sources/],
  [['--all-sources'], /--name/],
  [['--name', ' ', '--all-sources'], /1 to 100/],
  [['--name', 'n', '--source', 'a b'], /name of a source/],
  [['--name', 'n', '--all-sources', '--expires', 'soon'], /90d/],
  [['--name', 'n', '--all-sources', '--expires', '2020-01-01'], /future/],
])('keys create %j is refused, and makes nothing', async (words, message) => {
  const house = await openTestHouse();
  await expect(lectern(house, ['keys', 'create', ...words])).rejects.toThrow(message);
  await house.control.caughtUp();
  expect(house.control.apiKeys.size).toBe(0);
});

test('revoking says what it did, once, and knows a key by itself, too', async () => {
  const house = await openTestHouse({ mayRun: false });
  const key = await create(house);
  const id = key.split('_')[1]!;
  await expect(lectern(house, ['keys', 'revoke', 'ffffffffffff'])).rejects.toThrow('lectern keys list');
  expect(await lectern(house, ['keys', 'revoke', key])).toBe(
    `API key ${id} (a program) is revoked, when the product is started again`,
  );
  expect(await lectern(house, ['keys', 'revoke', id])).toContain('is revoked already');
});

test('a source that nothing has is told of, because its events would only be archived', async () => {
  const house = await openTestHouse();
  expect(await lectern(house, ['keys', 'create', '--name', 'n', '--source', 'org.typo'])).toContain(
    'no module and no LECTERN_SOURCES has org.typo',
  );
});
