import { afterEach, expect, test } from '@jest/globals';
import { loadSourceTypes } from '../../services/shared/source-schemas.ts';
import { openRequest } from './http-client.ts';
import { createGatewayHouse, until } from './support.ts';

const { start: startGateway, open, cleanUp } = createGatewayHouse();
afterEach(() => cleanUp.run());

const SOURCE = 'org.lectern.example.quiz';
const start = () => startGateway({ typedSources: loadSourceTypes() });
const lock = { event: 'lock_fields', fields: { source: SOURCE, user_id: 'bob' } };
const good = {
  event: 'answer',
  quiz_id: 'q-1',
  question: 2,
  answer: ['a', 'b'],
  score: 0.5,
  device: 'tablet',
};
const bad = { ...good, score: 'secret' };
const FAULT = 'score: must be null or double';

test('an event that is not what its source’s schema says is refused with its place, others are not', async () => {
  const { url, log } = await start();
  const request = openRequest(url);
  const elsewhere = { ...bad, source: 'another' };
  request.end(JSON.stringify([lock, good, bad, { event: 'open', quiz_id: 'q-1' }, { event: 'open' }]));
  const { status, results } = await request.answer;
  expect(status).toBe(200);
  expect(results?.map((result) => result.status)).toEqual([
    'accepted',
    'accepted',
    'rejected',
    'accepted',
    'rejected',
  ]);
  expect(results?.[2]?.error).toContain(FAULT);
  expect(results?.[2]?.error).not.toContain('secret');
  expect(results?.[4]?.error).toContain('quiz_id: is missing; must be string');
  expect(log.written().map(({ clientFields }) => clientFields.device)).toEqual(['tablet', undefined]);
  const other = openRequest(url);
  other.end(JSON.stringify([{ ...elsewhere, user_id: 'bob' }]));
  expect((await other.answer).results).toEqual([expect.objectContaining({ status: 'accepted' })]);
});

test('so is one that waits for an identity, before it gets one, and one on a socket', async () => {
  const { url, log } = await start();
  const client = await open(url);
  client.send({ event: 'lock_fields', fields: { source: SOURCE } }, bad, good, { event: 'save_blob' });
  client.send({ ...good, user_id: 'bob' });
  await until(() => log.written().length > 0, 'the good ones were written');
  expect(client.answers.find(({ status }) => status === 'error')).toEqual({
    status: 'error',
    error: `frame 2: ${FAULT}`,
    remedy: expect.any(String),
  });
  expect(log.written().every(({ clientFields }) => clientFields.score === 0.5)).toBe(true);
});
