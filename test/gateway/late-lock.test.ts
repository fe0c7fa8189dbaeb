import { afterEach, expect, test } from '@jest/globals';
import { createGatewayHouse, SOURCE, TESTCASE_ONLY, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const lock = (fields: object) => ({ event: 'lock_fields', fields });

test('events without a source that came before anything was locked get what is locked, at once when it says who sends', async () => {
  const { url, log } = await start({ identity: TESTCASE_ONLY });
  const client = await open(url);
  client.send({ event: 'one' }, { event: 'two' }, lock({ source: SOURCE, user_id: 'alice' }));
  await until(() => log.written().length === 2, 'both were written');
  expect(log.written().map(({ type, source, key }) => [type, source, key])).toEqual([
    ['one', SOURCE, 'tc-testcase-alice'],
    ['two', SOURCE, 'tc-testcase-alice'],
  ]);
  expect(log.written()[0]?.metadataFields).toMatchObject({ source: SOURCE, user_id: 'alice' });
  expect(client.answers).toEqual([{ status: 'auth', user_id: 'testcase-alice' }]);
});

test('events that came after something was locked keep what was locked then', async () => {
  const { url, log } = await start({ identity: TESTCASE_ONLY });
  const client = await open(url);
  client.send(lock({ version: '1' }), { event: 'one' }, lock({ source: 'another', user_id: 'alice' }));
  client.send({ event: 'two' });
  await until(() => log.written().length === 2, 'both were written');
  expect(log.written().map(({ type, source }) => [type, source])).toEqual([
    ['one', ''],
    ['two', 'another'],
  ]);
});
