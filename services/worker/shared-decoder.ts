import { keyOf } from '../shared/log/partition-key.ts';
import type { LogRecord, TopicPartition } from '../shared/log/port.ts';
import type { Decode, DecodedRecord } from './decode.ts';

/** Decodes the records of a partition for one of its readers. */
export interface PartitionDecoder {
  decode(record: LogRecord): DecodedRecord;
  /** The reader is through with an event, for now. */
  release(event: DecodedRecord): void;
}

export interface SharedDecoder {
  /**
   * For one more reader of a partition, with so many reducers for each event; all readers of a partition share what they
   * decode.
   */
  open(at: TopicPartition, reducers: number): PartitionDecoder;
  close(at: TopicPartition): void;
}

/** How far apart readers may be and still share. A power of two. */
const SLOTS = 8_192;

interface Ring {
  readers: number;
  bytes: number;
  readonly slots: (DecodedRecord | undefined)[];
  readonly sizes: Uint32Array;
  /** The next slot to be emptied for want of room: for those who read on and on, the oldest. */
  hand: number;
}

/**
 * Several modules of a process read the same partition, at almost the same place once they are caught up: what one of
 * them decoded serves the others. Bounded in records, and in bytes for each partition; what is pushed out is decoded
 * again. A partition with one reader costs nothing.
 */
export function createSharedDecoder(decode: Decode, maxBytes: number): SharedDecoder {
  const rings = new Map<string, Ring>();

  const letGo = (event: DecodedRecord | undefined): void => {
    if (event?.kind === 'ok') event.release();
  };
  const empty = (ring: Ring, slot: number): void => {
    letGo(ring.slots[slot]);
    ring.bytes -= ring.sizes[slot]!;
    ring.slots[slot] = undefined;
    ring.sizes[slot] = 0;
  };
  const keep = (ring: Ring, slot: number, decoded: DecodedRecord, bytes: number): void => {
    if (bytes > maxBytes) return;
    empty(ring, slot);
    while (ring.bytes + bytes > maxBytes) {
      empty(ring, ring.hand);
      ring.hand = (ring.hand + 1) & (SLOTS - 1);
    }
    ring.slots[slot] = decoded;
    ring.sizes[slot] = bytes;
    ring.bytes += bytes;
  };

  return {
    open(at, reducers) {
      const key = keyOf(at);
      const ring: Ring = rings.get(key) ?? {
        readers: 0,
        bytes: 0,
        slots: new Array<DecodedRecord | undefined>(SLOTS).fill(undefined),
        sizes: new Uint32Array(SLOTS),
        hand: 0,
      };
      ring.readers += 1;
      rings.set(key, ring);
      return {
        decode(record) {
          if (ring.readers < 2) return decode(record, reducers === 1);
          const slot = record.offset & (SLOTS - 1);
          const found = ring.slots[slot];
          if (found !== undefined && found.offset === record.offset && found.timestamp === record.timestamp)
            return found;
          const decoded = decode(record, false);
          keep(ring, slot, decoded, record.value?.length ?? 0);
          return decoded;
        },
        release(event) {
          // Others of the partition may still come to it: it goes when it is pushed out.
          if (ring.readers < 2) letGo(event);
        },
      };
    },
    close(at) {
      const ring = rings.get(keyOf(at));
      if (ring === undefined) return;
      ring.readers -= 1;
      for (let slot = 0; slot < SLOTS; slot++) empty(ring, slot);
      if (ring.readers === 0) rings.delete(keyOf(at));
    },
  };
}
