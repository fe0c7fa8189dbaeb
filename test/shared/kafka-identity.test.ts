import { expect, test } from '@jest/globals';
import { createTopicIdentity } from '../../services/shared/log/kafka-identity.ts';

const asking = (id: string) => async (): Promise<Map<string, string>> => new Map([['t', id]]);

test('a topic that was made anew is told once', async () => {
  const identity = createTopicIdentity();
  expect(await identity.isSame('t', asking('old'))).toBe(true);
  expect(await identity.isSame('t', asking('new'))).toBe(false);
  expect(await identity.isSame('t', asking('new'))).toBe(true);
});

test('a session that begins anew does not take note of a topic made anew in place of whoever reads it', async () => {
  const identity = createTopicIdentity();
  await identity.learn('t', asking('old'));
  await identity.learn('t', asking('new'));
  expect(await identity.isSame('t', asking('new'))).toBe(false);
});
