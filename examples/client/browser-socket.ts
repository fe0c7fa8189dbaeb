import { ACK_PROTOCOL, type OpenSocket } from './socket.ts';

export const openBrowserSocket: OpenSocket = (url, events) => {
  const ws = new WebSocket(url, ACK_PROTOCOL);
  const listening = new AbortController();
  const { signal } = listening;
  ws.addEventListener('open', () => events.opened(), { signal });
  ws.addEventListener('message', ({ data }) => events.text(String(data)), { signal });
  ws.addEventListener('close', ({ code, reason }) => events.closed(code, reason), { signal });
  const close = (): void => {
    listening.abort();
    ws.close(1000);
  };
  // A browser takes its time to let go of a dead connection, but nobody waits for it.
  return { send: (text) => ws.send(text), close, cut: close };
};
