import { z } from 'zod';
import type { ArchiveStore } from '../archive/port.ts';

/** What was done to erase a learner: for whoever asked for it, and kept in the archive. It names nobody but who asked. */
export const receipt = z.strictObject({
  version: z.literal(1),
  /** The `id` of the control record. */
  erasure: z.string(),
  namespace: z.string(),
  /** HMAC-SHA-256 of the `safe_user_id` under the salt: whoever has the id can see that it is this learner. */
  learner: z.strictObject({ salt: z.string(), hash: z.string() }),
  /** Events received before it. ISO 8601 in UTC, as all times here. */
  before: z.string(),
  /** The user of the operating system. */
  requestedBy: z.string(),
  requestedAt: z.string(),
  completedAt: z.string(),
  /** Events that are tombstones in the archive, and those that only the log has, which keeps them until its retention. */
  events: z.strictObject({ archived: z.int(), inLog: z.int() }),
  objects: z.array(
    z.strictObject({ name: z.string(), before: z.string(), after: z.string(), erased: z.int() }),
  ),
  /** States that were there when it began, without blobs, and units that are without the learner. */
  states: z.int(),
  blobs: z.int(),
  units: z.int(),
});

export type Receipt = z.output<typeof receipt>;

export const receiptName = (erasure: string): string => `erasures/receipts/${erasure}.json`;

export function encodeReceipt(given: Receipt): Buffer {
  return Buffer.from(`${JSON.stringify(given, null, 2)}\n`);
}

/** The first one stays: what a later run did is nothing. */
export async function keepReceipt(archive: ArchiveStore, given: Receipt): Promise<Receipt> {
  const name = receiptName(given.erasure);
  await archive.putIfAbsent(name, encodeReceipt(given), {});
  const kept = await archive.get(name);
  return receipt.parse(JSON.parse(kept!.bytes.toString()));
}
