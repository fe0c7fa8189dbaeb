import murmurhash from 'murmurhash';

const SEED = 0x9747b28c;

/** What a key's partition is made of: murmur2 of its UTF-8 bytes, sign bit cleared. */
export function hashOfKey(key: string): number {
  return murmurhash.v2(Buffer.from(key), SEED) & 0x7fffffff;
}

/**
 * The partition of a key: Kafka's default partitioner (murmur2 of the key's UTF-8 bytes, sign bit cleared, modulo), so
 * that any Kafka client puts a key where this says it is.
 */
export function partitionOf(key: string, partitions: number): number {
  return hashOfKey(key) % partitions;
}
