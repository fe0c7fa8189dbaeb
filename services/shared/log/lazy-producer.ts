import type { EventLog, Producer } from './port.ts';

/** A producer that connects with its first send, and anew after a failure: so a log that is away at start is away like any other time. */
export function createLazyProducer(log: Pick<EventLog, 'createProducer'>): Producer {
  let connecting: Promise<Producer> | undefined;
  const connected = (): Promise<Producer> => {
    if (connecting === undefined) {
      connecting = log.createProducer();
      connecting.catch(() => {
        connecting = undefined;
      });
    }
    return connecting;
  };
  return {
    send: async (records) => (await connected()).send(records),
    async close() {
      await (await connecting?.catch(() => undefined))?.close();
    },
  };
}
