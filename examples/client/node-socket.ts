import { WebSocket } from 'ws';
import { ACK_PROTOCOL, type OpenSocket } from './socket.ts';

export interface NodeSocketOptions {
  /** Of the request that opens the socket, such as Authorization or Cookie. */
  readonly headers?: Readonly<Record<string, string>>;
}

export function createOpenNodeSocket({ headers = {} }: NodeSocketOptions): OpenSocket {
  return (url, events) => {
    const ws = new WebSocket(url, ACK_PROTOCOL, { headers, perMessageDeflate: false });
    let fault = '';
    ws.on('open', () => events.opened());
    ws.on('message', (data) => events.text(String(data)));
    // A close follows.
    ws.on('error', (error) => {
      fault = error.message;
    });
    ws.on('close', (code, reason) => events.closed(code, reason.toString() || fault));
    const forget = (): void => {
      for (const name of ['open', 'message', 'close']) ws.removeAllListeners(name);
    };
    return {
      send: (text) => ws.send(text),
      close() {
        forget();
        ws.close(1000);
      },
      cut() {
        forget();
        ws.terminate();
      },
    };
  };
}
