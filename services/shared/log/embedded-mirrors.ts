import type { EmbeddedEnv } from '../embedded.ts';
import type { TopicPartition } from './port.ts';

export interface Mirrors {
  /** Only inside a transaction. */
  put(groupId: string, at: TopicPartition, nextOffset: number): void;
  read(groupId: string, topic: string): ReadonlyMap<number, number>;
}

/** The offsets that groups wrote, for those who look at lag. Key: group, 0, topic, 0, partition (4, big-endian). */
export function createMirrors(env: EmbeddedEnv): Mirrors {
  const table = env.table<number>('mirrors', 'msgpack');
  const keyOf = (groupId: string, topic: string, partition: number): Buffer => {
    const suffix = Buffer.allocUnsafe(4);
    suffix.writeUInt32BE(partition);
    return Buffer.concat([Buffer.from(`${groupId}\0${topic}\0`), suffix]);
  };
  return {
    put(groupId, { topic, partition }, nextOffset) {
      void table.put(keyOf(groupId, topic, partition), nextOffset);
    },
    read(groupId, topic) {
      const range = { start: keyOf(groupId, topic, 0), end: keyOf(groupId, topic, 0xffffffff) };
      return new Map(
        [...table.getRange(range)].map(({ key, value }) => [key.readUInt32BE(key.length - 4), value]),
      );
    },
  };
}
