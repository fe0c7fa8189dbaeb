import type { Admin, Kafka } from 'kafkajs';
import { isOutage } from './kafka-faults.ts';

/** Questions to the cluster, over one connection that outlives what goes wrong with it. */
export interface KafkaAdmin {
  /** Rejects with what Kafka, or its absence, made of the question. It may be asked twice. */
  ask<T>(question: (client: Admin) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const OUTDATED = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE']);

interface Fault {
  readonly type?: string;
  readonly cause?: unknown;
}

/** Whether what the client knows of topics is of before, in one try or in all of them: kafkajs then trips over itself, too. */
function isOutdated(error: unknown): boolean {
  const { type, cause } = error as Fault;
  if (error instanceof TypeError || (type !== undefined && OUTDATED.has(type))) return true;
  return cause instanceof Error && isOutdated(cause);
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
 * is gone; and for minutes it goes on asking the broker that led a partition before, away or not. So it is given up then,
 * and another one, which knows of nothing, is asked: at once where the answer says so, or with the next question.
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
      if (current === used && (isOutdated(cause) || isOutage(cause))) current = undefined;
      throw cause;
    } finally {
      used.asking -= 1;
      if (used.asking === 0 && current !== used) void disconnect(used);
    }
  };

  return {
    ask: (question) =>
      askOnce(question).catch((cause: unknown) => {
        if (!isOutdated(cause)) throw cause;
        return askOnce(question);
      }),
    async close() {
      const last = current;
      current = undefined;
      if (last !== undefined) await disconnect(last);
    },
  };
}
