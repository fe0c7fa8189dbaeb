import { type LocalKafka, startKafka } from '../../deploy/local/kafka.ts';
import { freePort } from '../../deploy/local/ports.ts';
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import type { Stage } from './fault.ts';

export interface OwnKafka {
  readonly stage: Stage;
  readonly service: LocalKafka['service'];
  /** What stands between the broker and those who use `forwarded`. */
  readonly proxy: TcpProxy;
  readonly forwarded: string;
}

/** Gives a fault a broker of its own for as long as `play` runs: it may end it, or be cut off from it. */
export async function withOwnKafka<T>(stage: Stage, play: (own: OwnKafka) => Promise<T>): Promise<T> {
  const port = await freePort();
  const proxy = await createTcpProxy({ host: '127.0.0.1', port });
  const { brokers, service } = await startKafka({
    run: stage.run,
    log: () => {},
    lost: console.error,
    forwarded: { port, toldPort: proxy.port },
  });
  try {
    return await play({
      stage: { ...stage, addresses: { ...stage.addresses, brokers } },
      service,
      proxy,
      forwarded: `127.0.0.1:${proxy.port}`,
    });
  } finally {
    await proxy.close();
    await service.kill();
  }
}
