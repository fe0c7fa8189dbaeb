/** The subprotocol that asks for acknowledgements. A server that does not know it refuses the connection. */
export const ACK_PROTOCOL = 'lectern.ack.v1';

/** What becomes of a socket; nothing comes after `closed`. */
export interface SocketEvents {
  opened(): void;
  text(text: string): void;
  /** `code` is WebSocket's, 1006 for a connection that broke or never was. */
  closed(code: number, reason: string): void;
}

/** A WebSocket of whatever platform. */
export interface ClientSocket {
  send(text: string): void;
  /** Closes after what was sent; nothing is reported any more. */
  close(): void;
  /** Lets go of a connection that may be dead; nothing is reported any more. */
  cut(): void;
}

export type OpenSocket = (url: string, events: SocketEvents) => ClientSocket;
