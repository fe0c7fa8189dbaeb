/** What was parsed of record batches that several consumers of a process fetch. Bounded in bytes. */
export interface BatchCache<Parsed> {
  /** What was parsed of the very same bytes, if it is still here. */
  find(bytes: Buffer): Parsed | undefined;
  add(bytes: Buffer, parsed: Parsed): void;
  clear(): void;
}

interface Kept<Parsed> {
  readonly bytes: Buffer;
  readonly parsed: Parsed;
}

/** Where a record batch has its checksum: Kafka's record batch format, magic 2. */
const CRC_AT = 17;

/**
 * The checksum in a batch only says where to look: what was parsed is given for equal bytes alone, and to compare them
 * costs next to nothing beside parsing them. What came first goes first, because readers go on and on.
 */
export function createBatchCache<Parsed>(maxBytes: number): BatchCache<Parsed> {
  const kept = new Map<number, Kept<Parsed>>();
  let bytesKept = 0;

  const drop = (crc: number, { bytes }: Kept<Parsed>): void => {
    kept.delete(crc);
    bytesKept -= bytes.length;
  };

  return {
    find(bytes) {
      const found = kept.get(bytes.readInt32BE(CRC_AT));
      return found?.bytes.equals(bytes) ? found.parsed : undefined;
    },
    add(bytes, parsed) {
      const crc = bytes.readInt32BE(CRC_AT);
      const same = kept.get(crc);
      if (same !== undefined) drop(crc, same);
      kept.set(crc, { bytes, parsed });
      bytesKept += bytes.length;
      for (const [oldest, batch] of kept) {
        if (bytesKept <= maxBytes) return;
        drop(oldest, batch);
      }
    },
    clear() {
      kept.clear();
      bytesKept = 0;
    },
  };
}
