import { afterEach, expect, test } from '@jest/globals';
import { createMemoryStore } from '../../examples/client/memory-store.ts';
import { LecternError } from '../../services/shared/errors.ts';
import { createFakeLog } from '../gateway/fake-producer.ts';
import { createGatewayHouse, until } from '../gateway/support.ts';
import { createClientHouse, numbered } from './support.ts';

const { start, cleanUp } = createGatewayHouse();
const { connect, ...clients } = createClientHouse();
afterEach(async () => {
  await clients.cleanUp.run();
  await cleanUp.run();
});

test('a client is told of the event that the log refuses for good, and all others are kept once', async () => {
  const log = createFakeLog();
  const refusing: typeof log = {
    ...log,
    producer: {
      async send(records) {
        if (records.some(({ value }) => value.includes('"item":3')))
          throw new LecternError('LOG_UNAVAILABLE', 'never');
        return log.producer.send(records);
      },
    },
  };
  const { url } = await start({ log: refusing });
  const client = connect({ url: `${url.replace('http', 'ws')}/wsapi/in/`, store: createMemoryStore() });
  for (let item = 0; item < 8; item++) await client.send(numbered(item));
  await client.flush();
  await until(() => log.written().length === 7, 'the others are in the log');
  expect(log.written().map(({ clientFields }) => clientFields.item)).toEqual([0, 1, 2, 4, 5, 6, 7]);
  expect(client.statusesOf('refused')).toMatchObject([
    { event: { item: 3 }, error: expect.stringContaining('never will') },
  ]);
  expect(client.statusesOf('disconnected')).toEqual([]);
});
