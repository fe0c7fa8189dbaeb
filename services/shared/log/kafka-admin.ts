import type { Admin, Kafka } from 'kafkajs';

/** Questions to the cluster, over one connection that outlives what goes wrong with it. */
export interface KafkaAdmin {
  /** Rejects with what Kafka, or its absence, made of the question. It may be asked twice. */
  ask<T>(question: (client: Admin) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Whether a request failed because there is no such topic, in one try or in all of them. */
function isTopicGone(cause: unknown): boolean {
  const { type, cause: inner } = cause as { readonly type?: unknown; readonly cause?: unknown };
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' || (inner instanceof Error && isTopicGone(inner));
}

interface Connected {
  readonly client: Promise<Admin>;
  /** How many questions it is being asked. */
  asking: number;
}

const disconnect = ({ client }: Connected): Promise<void> =>
  client.then((connected) => connected.disconnect()).catch(() => undefined);

/**
 * A client of kafkajs goes on asking about every topic that it was ever asked about, and fails as a whole when one of them
 * is gone. So it is given up then, and the question goes to another one, which knows of none.
 */
export function createKafkaAdmin(kafka: Kafka): KafkaAdmin {
  let current: Connected | undefined;

  const connect = (): Connected => {
    const created = kafka.admin();
    const connected: Connected = { client: created.connect().then(() => created), asking: 0 };
    connected.client.catch(() => {
      if (current === connected) current = undefined;
    });
    return connected;
  };

  const askOnce = async <T>(question: (client: Admin) => Promise<T>): Promise<T> => {
    current ??= connect();
    const used = current;
    used.asking += 1;
    try {
      return await question(await used.client);
    } catch (cause) {
      if (current === used && isTopicGone(cause)) current = undefined;
      throw cause;
    } finally {
      used.asking -= 1;
      if (used.asking === 0 && current !== used) void disconnect(used);
    }
  };

  return {
    ask: (question) =>
      askOnce(question).catch((cause: unknown) => {
        if (!isTopicGone(cause)) throw cause;
        return askOnce(question);
      }),
    async close() {
      const last = current;
      current = undefined;
      if (last !== undefined) await disconnect(last);
    },
  };
}
