import { type KafkaOptions, type LocalKafka, startKafka } from '../../deploy/local/kafka.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.ts';

/** A broker of a test's own, that may be ended, or cut off from those who use `forwarded`. */
export interface ForwardedKafka extends LocalKafka {
  readonly proxy: TcpProxy;
  /** The address of what stands between. */
  readonly forwarded: string;
  close(): Promise<void>;
}

export async function startForwardedKafka(
  options: Pick<KafkaOptions, 'run' | 'lost'>,
): Promise<ForwardedKafka> {
  const port = await freePort();
  const proxy = await createTcpProxy({ host: '127.0.0.1', port });
  const forwarded = { port, toldPort: proxy.port };
  const kafka = await startKafka({ ...options, log: () => {}, forwarded }).catch(async (error: unknown) => {
    await proxy.close();
    throw error;
  });
  return {
    ...kafka,
    proxy,
    forwarded: `127.0.0.1:${proxy.port}`,
    async close() {
      await proxy.close();
      await kafka.service.kill();
    },
  };
}
