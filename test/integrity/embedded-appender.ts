import { openEmbedded } from '../../services/shared/embedded.ts';
import { createEmbeddedLog } from '../../services/shared/log/embedded.ts';

/**
 * A process to be killed: appends numbers from `first` on to the log of a directory, from several senders at once, and
 * prints each one only when it was acknowledged. With `trim`, it removes meanwhile what is far below the end.
 */
const SENDERS = 16;
const KEPT = 500;
const [dataDir, first, trims] = process.argv.slice(2);
const env = await openEmbedded({ dataDir: dataDir! });
const log = createEmbeddedLog({ env });
await log.ensureTopics([{ name: 'numbers', partitions: 4 }]);
const producer = await log.createProducer();
let next = Number(first);
const send = async (): Promise<never> => {
  for (;;) {
    const numbers = [next++, next++, next++];
    await producer.send(
      numbers.map((n) => ({ topic: 'numbers', key: `key-${n % 50}`, value: Buffer.from(String(n)) })),
    );
    process.stdout.write(`${numbers.join('\n')}\n`);
  }
};
const trim = async (): Promise<never> => {
  for (;;)
    for (const { partition, end } of await log.offsets('numbers'))
      await log.trim({ topic: 'numbers', partition }, end - KEPT);
};
await Promise.all([...Array.from({ length: SENDERS }, send), ...(trims === 'trim' ? [trim()] : [])]);
