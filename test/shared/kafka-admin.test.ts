import { expect, test } from '@jest/globals';
import type { Admin, Kafka } from 'kafkajs';
import { createKafkaAdmin } from '../../services/shared/log/kafka-admin.ts';

/** Clients by number, in the order in which they are made. */
function open() {
  const gone: number[] = [];
  let made = 0;
  const kafka = {
    admin() {
      const number = made++;
      return {
        number,
        connect: async () => undefined,
        disconnect: async () => void gone.push(number),
      };
    },
  } as unknown as Kafka;
  return { admin: createKafkaAdmin(kafka), gone };
}

const numberOf = (client: Admin): number => (client as unknown as { readonly number: number }).number;

function fault(name: string, more: object): Error {
  return Object.assign(new Error(name), { name, retriable: true, ...more });
}

const moved = fault('KafkaJSProtocolError', { type: 'NOT_LEADER_FOR_PARTITION' });
const OUTDATED: readonly (readonly [string, Error])[] = [
  ['does not lead the partition any more', moved],
  ['has no leader yet', fault('KafkaJSProtocolError', { type: 'LEADER_NOT_AVAILABLE' })],
  ['has said nothing of the topic', new TypeError('Cannot destructure property of undefined')],
  ['said so in each of its tries', fault('KafkaJSNumberOfRetriesExceeded', { cause: moved })],
];

test.each(OUTDATED)(
  'a question that fails because the broker %s goes to a client that knows nothing',
  async (_, error) => {
    const { admin, gone } = open();
    const answer = await admin.ask(async (client) => {
      if (numberOf(client) === 0) throw error;
      return numberOf(client);
    });
    expect(answer).toBe(1);
    expect(gone).toEqual([0]);
    expect(await admin.ask(async (client) => numberOf(client))).toBe(1);
  },
);

test('after a broker could not be reached, the next question goes to a client that may find another one', async () => {
  const { admin, gone } = open();
  const away = fault('KafkaJSConnectionError', {});
  await expect(admin.ask(() => Promise.reject(away))).rejects.toBe(away);
  expect(await admin.ask(async (client) => numberOf(client))).toBe(1);
  expect(gone).toEqual([0]);
});

test('a refusal says nothing of the client', async () => {
  const { admin } = open();
  const refused = fault('KafkaJSProtocolError', { type: 'INVALID_CONFIG', retriable: false });
  await expect(admin.ask(() => Promise.reject(refused))).rejects.toBe(refused);
  expect(await admin.ask(async (client) => numberOf(client))).toBe(0);
});
