import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const ID_BYTES = 16;
const IDS_AT_ONCE = 512;

/**
 * Makes ids of events: UUIDv7 (RFC 9562), by the time they are made. Random bytes are got for many ids at once: to get
 * them takes ten times as long as the rest of an id, however few they are.
 */
export function createEventIds(): () => string {
  const pool = new Uint8Array(ID_BYTES * IDS_AT_ONCE);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += ID_BYTES;
    return v7({ random: pool.subarray(used - ID_BYTES, used) });
  };
}
