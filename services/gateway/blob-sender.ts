import type { WebSocket } from 'ws';

/** Sends blobs, which are larger than anything else that a client is sent, one at a time. */
export interface BlobSender {
  /** Resolves when the network took it, or the socket is closed, as it is when `hurry` is aborted. Null: there is none. */
  send(text: string | null, hurry: AbortSignal): Promise<void>;
  /** How much of what the client left unread is a blob. */
  unsentBytes(): number;
}

/** A client that does not take its blob in `timeoutMs` is cut off. */
export function createBlobSender(ws: Pick<WebSocket, 'send' | 'terminate'>, timeoutMs: number): BlobSender {
  let unsent = 0;
  return {
    async send(text, hurry) {
      // The text is JSON already, and would not survive being parsed.
      const frame = `{"status":"fetch_blob","data":${text}}`;
      unsent = Buffer.byteLength(frame);
      const cut = (): void => ws.terminate();
      const late = setTimeout(cut, timeoutMs);
      hurry.addEventListener('abort', cut);
      await new Promise<void>((resolve) => ws.send(frame, () => resolve()));
      clearTimeout(late);
      hurry.removeEventListener('abort', cut);
      unsent = 0;
    },
    unsentBytes: () => unsent,
  };
}
