import { LecternError } from '../errors.ts';
import type { TopicIds } from './kafka-topic-ids.ts';

/** Asks Kafka for ids of topics; undefined where it has none. */
export type AskIds = (topics: readonly string[]) => Promise<TopicIds | undefined>;

/** Knows a topic again that was deleted and made anew under its name. */
export interface TopicIdentity {
  /**
   * Whether the topic of this name is, at some time after the call, the one that it was when asked before. The answer
   * is about the topic that is there now, so after one no it is yes. Rejects when the topic is missing, or Kafka away.
   */
  isSame(topic: string, ask: AskIds): Promise<boolean>;
  /** Asks what a topic is, unless that was asked before: whoever reads it has not been told of what came of it since. */
  learn(topic: string, ask: AskIds): Promise<void>;
  /** The id that was told last; undefined when none was. */
  idOf(topic: string): string | undefined;
}

/** Offsets and even times of a new topic may look like those of the old one, so Kafka's own ids of topics are compared. */
export function createTopicIdentity(): TopicIdentity {
  const known = new Map<string, string>();
  /** Questions that are not sent yet. */
  const waiting = new Map<string, Promise<boolean>>();

  const compare = async (topic: string, ask: AskIds): Promise<boolean> => {
    // Until then, the partitions of one fetch ask together.
    await new Promise(setImmediate);
    waiting.delete(topic);
    const ids = await ask([topic]);
    if (ids === undefined) return true;
    const id = ids.get(topic) ?? null;
    if (id === null)
      throw new LecternError('UNKNOWN_TOPIC', `there is no topic ${topic} any more`, { retriable: true });
    const before = known.get(topic);
    known.set(topic, id);
    return before === undefined || before === id;
  };

  const isSame: TopicIdentity['isSame'] = (topic, ask) => {
    const asked = waiting.get(topic) ?? compare(topic, ask);
    waiting.set(topic, asked);
    return asked;
  };

  return {
    isSame,
    idOf: (topic) => known.get(topic),
    async learn(topic, ask) {
      if (!known.has(topic)) await isSame(topic, ask);
    },
  };
}
