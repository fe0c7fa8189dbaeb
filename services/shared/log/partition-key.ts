import type { TopicPartition } from './port.ts';

/** Names a partition where things are kept by name. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
