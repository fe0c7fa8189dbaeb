import { expect, test } from '@jest/globals';
import { createByteBudget } from '../../services/gateway/byte-budget.ts';
import { type ConnectionDeps, createConnection } from '../../services/gateway/connection.ts';
import { createToEventRecord } from '../../services/gateway/envelope.ts';
import { DEFAULT_LIMITS } from '../../services/gateway/limits.ts';
import { createEventCodec } from '../../services/shared/event.ts';
import { OPEN, until } from './support.ts';

interface Stub {
  bufferedAmount: number;
  room: boolean;
  /** To be called when the network took a blob. */
  taken(): void;
}

/** A connection over a socket and a publisher that only note what is done with them. */
function start(blobs: ConnectionDeps['blobs'] = null, acks = false) {
  const stub: Stub = { bufferedAmount: 0, room: true, taken: () => undefined };
  const done: string[] = [];
  const connection = createConnection(
    {
      send(_text: unknown, taken: unknown) {
        done.push('send');
        if (typeof taken === 'function') stub.taken = taken as () => void;
      },
      close: (code) => void done.push(`close ${code}`),
      terminate: () => void done.push('terminate'),
      get bufferedAmount() {
        return stub.bufferedAmount;
      },
      readyState: 1,
    },
    {
      identity: OPEN,
      pace: { inTurn: (_key, step) => step(), count: () => undefined },
      acks,
      sender: {
        cookies: {},
        setCookie: null,
        server: '{}',
        basicUser: null,
        launch: null,
        origin: null,
        credential: { kind: 'none' },
      },
      access: { doorFor: () => ({ refusal: () => null, leaving: () => null, credentialFault: () => null }) },
      publisher: {
        publish(records) {
          if (!stub.room) return null;
          done.push(`publish ${records.length}`);
          return { kept: Promise.resolve(), refused: new Map(), cancel: () => [] };
        },
        isFull: () => false,
        state: () => ({ bytes: 0, events: 0, oldestWaitMs: 0 }),
        stop: async () => undefined,
      },
      toEventRecord: createToEventRecord({
        namespace: 'test',
        sources: [],
        codec: createEventCodec(),
        newId: () => 'new',
      }),
      backlogBudget: createByteBudget(1_000),
      blobs,
      metrics: { events: () => undefined, ack: () => undefined, attempt: () => undefined },
      now: Date.now,
      clockMs: () => performance.now(),
      limits: DEFAULT_LIMITS,
    },
  );
  return { stub, done, receive: (text: string) => connection.receive(Buffer.from(text), false) };
}

const EVENT = '{"event":"x","user_id":"bob"}';

test('after an event that could not be kept none is taken: the sender never finds a gap', () => {
  const { stub, done, receive } = start();
  receive(EVENT);
  stub.room = false;
  receive(EVENT);
  stub.room = true;
  receive(EVENT);
  expect(done).toEqual(['send', 'publish 1', 'close 1013', 'close 1013']);
});

test('after an event that could not be kept nothing is acknowledged', async () => {
  const { stub, done, receive } = start(null, true);
  const numbered = (sequence: number): string =>
    `{"event":"x","user_id":"bob","session":"s","sequence":${sequence}}`;
  receive(numbered(0));
  await until(() => done.length === 3, 'the first is acknowledged');
  stub.room = false;
  receive(numbered(1));
  stub.room = true;
  receive(numbered(2));
  await new Promise((resolve) => setTimeout(resolve, 3 * DEFAULT_LIMITS.ackEveryMs));
  expect(done).toEqual(['send', 'publish 1', 'send', 'close 1013', 'close 1013']);
});

test('a client that does not read its answers is cut off, instead of piling them up', () => {
  const { stub, done, receive } = start();
  receive('{');
  stub.bufferedAmount = DEFAULT_LIMITS.unreadBytes + 1;
  receive('{');
  expect(done).toEqual(['send', 'terminate']);
});

test('a blob that is still on its way to the client is nothing that the client left unread', async () => {
  const { stub, done, receive } = start({
    async answer({ deliver }) {
      stub.bufferedAmount = 1_000_000;
      const hurry = new AbortController().signal;
      void deliver({ kind: 'blob', text: `"${'x'.repeat(900_000)}"` }, hurry);
    },
  });
  receive('{"event":"fetch_blob","user_id":"bob"}');
  receive('{');
  expect(done).toEqual(['send', 'send', 'send']);
  stub.bufferedAmount = 1_200_000;
  receive('{');
  expect(done.at(-1)).toBe('terminate');
  stub.taken();
});
