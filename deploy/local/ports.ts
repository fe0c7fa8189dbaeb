import { createServer } from 'node:net';

// Below what Linux and macOS hand out for outgoing connections, so that a server finds its port free again when it
// is restarted on it.
const FIRST = 20_000;
const COUNT = 10_000;
const ATTEMPTS = 50;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** A loopback port that nobody listens on now. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port among ${ATTEMPTS} tried from ${FIRST} to ${FIRST + COUNT - 1}`);
}
