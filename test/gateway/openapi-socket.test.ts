import { afterEach, expect, test } from '@jest/globals';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { createDocument } from '../../services/gateway/openapi/document.ts';
import { createDecisions } from './access-house.ts';
import { createBlobHouse } from './blob-house.ts';
import { createContract } from './openapi-contract.ts';
import { createGatewayHouse, until } from './support.ts';

const { start, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const contract = createContract(createDocument({ limits: DEFAULT_LIMITS, standards: true }));

test('all kinds of frames that a socket sends are as they are documented', async () => {
  const house = await createBlobHouse();
  const folding = house.keepFolding();
  cleanUp.add(() => folding.stop());
  const decisions = createDecisions();
  const { url } = await start({ ...house.options, access: decisions.access });
  const client = await open(url, {}, ['lectern.ack.v1']);
  const plain = await open(url);
  const frames = [
    { event: 'lock_fields', fields: { source: 'essay', user_id: 'bob', session: 's' } },
    { event: 'x', sequence: 0 },
    { event: 'x' },
    { event: 'save_blob', blob: { a: 1 }, sequence: 1 },
    { event: 'fetch_blob' },
  ];
  client.send(...frames, '[]');
  plain.send('no JSON', { event: 'x', user_id: 'bob', auth: 1, constructor: 1 });
  const kinds = () => new Set(client.answers.map(({ status }) => status));
  await until(
    () => ['auth', 'error', 'ack', 'fetch_blob'].every((kind) => kinds().has(kind)),
    'all have come',
  );
  decisions.block({ subject: 'source', value: 'essay', timeLimit: 'DAYS' });
  await client.closed;
  await until(() => plain.answers.length >= 2, 'the errors have come');
  expect([...kinds()].sort()).toEqual(['ack', 'auth', 'blocklist', 'error', 'fetch_blob']);
  for (const frame of frames) expect(contract.schemaFaults('Frame', frame)).toEqual([]);
  for (const answer of [...client.answers, ...plain.answers])
    expect([answer, contract.schemaFaults('SocketAnswer', answer)]).toEqual([answer, []]);
});
