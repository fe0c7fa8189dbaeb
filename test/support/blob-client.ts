import { WebSocket } from 'ws';

/** A tool that keeps a student's blob, as Learning Observer's client talks. */
export interface BlobClient {
  /** Sends it and waits for nothing. `text` is JSON. */
  save(text: string): void;
  /** The exact text of `data`, once it is answered. Rejects with what the server said instead. */
  fetch(): Promise<string>;
  close(): void;
}

export interface BlobClientOptions {
  /** Of the gateway, as http://host:port. */
  readonly url: string;
  readonly user: string;
  readonly source: string;
  readonly activity?: string;
}

const ANSWER = /^\{"status":"fetch_blob","data":(.*)\}$/s;

export async function openBlobClient({ url, ...fields }: BlobClientOptions): Promise<BlobClient> {
  const { user: user_id, source, activity } = fields;
  const socket = new WebSocket(`${url.replace('http', 'ws')}/wsapi/in/`);
  const waiting: { resolve: (text: string) => void; reject: (error: Error) => void }[] = [];
  socket.on('message', (data) => {
    const text = String(data);
    const [, blob] = ANSWER.exec(text) ?? [];
    if (blob !== undefined) waiting.shift()?.resolve(blob);
    else if (text.startsWith('{"status":"error"')) waiting.shift()?.reject(new Error(text));
  });
  socket.on('close', () => {
    for (const { reject } of waiting) reject(new Error('the socket closed'));
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('error', () => undefined);
  socket.send(JSON.stringify({ event: 'lock_fields', fields: { user_id, source, activity } }));
  return {
    save: (text) => socket.send(`{"event":"save_blob","blob":${text}}`),
    fetch: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        socket.send('{"event":"fetch_blob"}');
      }),
    close: () => socket.terminate(),
  };
}
