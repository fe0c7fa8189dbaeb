import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '../../examples/client/event-store.ts';
import { createMemoryStore } from '../../examples/client/memory-store.ts';
import { createLecternClient } from '../../examples/client/node.ts';
import {
  eventOf,
  type GatewaySender,
  locked,
  numberOf,
  type SenderPlace,
  type SentEvent,
  socketUrl,
} from './gateway-sender.ts';

const PAUSE_MS = 20;
/** Longer than anything is away: who closes a connection is never the client. */
const PATIENT_MS = 120_000;
/** So many more wait in the client at most, by which it never has more than it may store. */
const AHEAD = 5_000;

/** A store that tells the numbers of events which the client was told it can forget. */
function notingStore(onForgotten: (number: number) => void): EventStore {
  const inner = createMemoryStore();
  return {
    async open(owner) {
      const store = await inner.open(owner);
      const numbers = new Map<number, number>();
      return {
        ...store,
        add(event) {
          numbers.set(event.sequence, numberOf((JSON.parse(event.text) as SentEvent).id));
          return store.add(event);
        },
        removeThrough(sequence) {
          for (const [own, number] of numbers) {
            if (own > sequence) break;
            onForgotten(number);
            numbers.delete(own);
          }
          return store.removeThrough(sequence);
        },
      };
    },
  };
}

/** Sends through the client that keeps events until they are acknowledged. */
export function startAckingSender({ url, user }: SenderPlace): GatewaySender {
  const acknowledged = new Set<number>();
  const { source, ...identity } = locked(user);
  let [made, connections, going] = [0, 0, true];
  let wrong: Error | undefined;
  const client = createLecternClient({
    url: socketUrl(url),
    source,
    identity,
    store: notingStore((number) => acknowledged.add(number)),
    retryMinMs: 50,
    retryMaxMs: 500,
    connectMs: 5_000,
    ackTimeoutMs: PATIENT_MS,
    onStatus(status) {
      if (status.kind === 'connected') connections += 1;
      if (['refused', 'failed', 'blocked', 'damaged'].includes(status.kind))
        wrong ??= new Error(`${user}: the gateway should take everything: ${JSON.stringify(status)}`);
    },
  });
  const sending = (async () => {
    while (going) {
      if (made - acknowledged.size < AHEAD) await client.send({ ...eventOf(user, made++) });
      await sleep(PAUSE_MS);
    }
  })();
  sending.catch(() => undefined);
  return {
    user,
    made: () => made,
    acknowledged,
    connections: () => connections,
    async stop() {
      going = false;
      await sending;
      await client.flush();
      await client.close();
      if (wrong !== undefined) throw wrong;
    },
  };
}
