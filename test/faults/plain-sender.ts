import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { waitFor } from '../support/wait.ts';
import { eventOf, type GatewaySender, locked, type SenderPlace, socketUrl } from './gateway-sender.ts';

const PAUSE_MS = 40;
const AGAIN_MS = 100;
const NO_NAME = `-${'x'.repeat(200)}`;

/**
 * Sends as Learning Observer's older clients do: without ids and acknowledgements, and never anything twice. What it sends
 * while its connection breaks may be lost.
 */
export function startPlainSender({ url, user }: SenderPlace): GatewaySender {
  let [made, connections, going] = [0, 0, true];
  let socket: WebSocket | undefined;

  const connect = (): void => {
    const mine = new WebSocket(socketUrl(url));
    socket = mine;
    mine.on('open', () => {
      connections += 1;
      mine.send(JSON.stringify({ event: 'lock_fields', fields: locked(user) }));
    });
    // Its close follows.
    mine.on('error', () => {});
    mine.on('close', () => {
      if (going) setTimeout(connect, AGAIN_MS);
    });
  };
  const isOpen = (): boolean => socket?.readyState === WebSocket.OPEN;

  connect();
  const sending = (async () => {
    for (; going; await sleep(PAUSE_MS))
      if (isOpen()) socket!.send(JSON.stringify(eventOf(user, made++, NO_NAME)));
  })();
  sending.catch(() => undefined);
  return {
    user,
    made: () => made,
    acknowledged: null,
    connections: () => connections,
    async stop() {
      going = false;
      await sending;
      // The gateway closes when it has read everything before.
      if (isOpen()) socket!.send(JSON.stringify({ event: 'terminate' }));
      await waitFor(() => socket!.readyState === WebSocket.CLOSED, { message: `${user} is let go` });
    },
  };
}
