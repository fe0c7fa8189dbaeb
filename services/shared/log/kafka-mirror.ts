import type { Consumer } from 'kafkajs';
import { keyOf } from './partition-key.ts';
import type { TopicPartition } from './port.ts';

const GATHER_MS = 50;

interface Waiting extends TopicPartition {
  offset: string;
  readonly answer: ((accepted: boolean) => void)[];
}

/**
 * Commits offsets to the group, those of a moment together. Resolves to true only when the broker accepted them, which
 * it does only for a member of the current generation: the one way to ask that kafkajs leaves us (it has no public
 * heartbeat). Trap 29: right after a join a commit is silently not sent, so only the COMMIT_OFFSETS event counts.
 */
export function createMirror(consumer: Consumer): (at: TopicPartition, offset: number) => Promise<boolean> {
  let waiting = new Map<string, Waiting>();
  let committed = new Set<string>();
  consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
    for (const { topic, partitions } of payload.topics)
      for (const { partition, offset } of partitions)
        committed.add(`${keyOf({ topic, partition })}@${offset}`);
  });

  let sending = Promise.resolve();
  const send = async (): Promise<void> => {
    const batch = [...waiting.values()];
    waiting = new Map();
    committed = new Set();
    await consumer
      .commitOffsets(batch.map(({ topic, partition, offset }) => ({ topic, partition, offset })))
      .catch(() => undefined);
    for (const { topic, partition, offset, answer } of batch) {
      const accepted = committed.has(`${keyOf({ topic, partition })}@${offset}`);
      for (const tell of answer) tell(accepted);
    }
  };

  return (at, offset) =>
    new Promise((resolve) => {
      const key = keyOf(at);
      const entry = waiting.get(key);
      if (entry !== undefined) {
        entry.offset = String(offset);
        entry.answer.push(resolve);
        return;
      }
      if (waiting.size === 0)
        setTimeout(() => {
          sending = sending.then(send);
        }, GATHER_MS);
      waiting.set(key, { ...at, offset: String(offset), answer: [resolve] });
    });
}
