import { setTimeout as sleep } from 'node:timers/promises';
import { createFileStore } from '../../examples/client/file-store.ts';
import { createLecternClient } from '../../examples/client/node.ts';

/**
 * A process to be killed: sends events of a user through a client with its events in files, prints the id of each when
 * the client promised to keep it. On SIGTERM it stops sending, and ends when all are acknowledged.
 */
const [url, dir, user, from] = process.argv.slice(2);
const ITEMS = 20;
const client = createLecternClient({
  url: url!,
  source: 'org.mitros.writing_analytics',
  identity: { user_id: user },
  store: createFileStore({ dir: dir!, compactBytes: 50_000 }),
  retryMinMs: 20,
  retryMaxMs: 200,
  connectMs: 1_000,
  ackTimeoutMs: 1_000,
  onStatus(status) {
    if (['refused', 'failed', 'damaged'].includes(status.kind)) console.log(JSON.stringify(status));
  },
});
let isTold = false;
process.on('SIGTERM', () => {
  isTold = true;
});
for (let n = Number(from); !isTold; n++) {
  const id = `${user}-${n}`;
  await client.send({ event: 'test', id, item: n % ITEMS });
  console.log(`kept ${id}`);
  if (n % 3 === 0) await sleep(10);
}
await client.flush();
console.log('flushed');
await client.close();
