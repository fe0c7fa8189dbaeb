import { type ForwardedKafka, startForwardedKafka } from '../support/forwarded-kafka.ts';
import type { Stage } from './fault.ts';

export interface OwnKafka extends Pick<ForwardedKafka, 'service' | 'proxy' | 'forwarded'> {
  readonly stage: Stage;
}

/** Gives a fault a broker of its own for as long as `play` runs: it may end it, or be cut off from it. */
export async function withOwnKafka<T>(stage: Stage, play: (own: OwnKafka) => Promise<T>): Promise<T> {
  const kafka = await startForwardedKafka({ run: stage.run, lost: console.error });
  const { brokers } = kafka;
  try {
    return await play({ ...kafka, stage: { ...stage, addresses: { ...stage.addresses, brokers } } });
  } finally {
    await kafka.close();
  }
}
