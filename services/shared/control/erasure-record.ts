import { z } from 'zod';

/**
 * A learner whose events are erased. The record names nobody: it has a hash of the `safe_user_id`, with a salt of the
 * namespace. Whoever has a record of the learner has the id in it, so the hash is enough to know what is erased, in the
 * log, in the archive and in the states; and what stays for ever in the control topic tells nobody who it was, unless they
 * know the id already. (`services/shared/erasing/learner-hash.ts` makes it.)
 */
export const erasure = z.object({
  kind: z.literal('erasure'),
  /** Random; names the receipt. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  salt: z.string().regex(/^[0-9a-f]{32}$/),
  /** HMAC-SHA-256 of the `safe_user_id` under the salt, in hex. */
  learner: z.string().regex(/^[0-9a-f]{64}$/),
  /** What the partition of the learner's events is made of, see `hashOfKey`. */
  keyHash: z.number().int().min(0).max(0x7f_ff_ff_ff),
  /** Events that were received before it are erased: microseconds since 1970, as `receivedAt`. */
  before: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
  /** When it was decided, in milliseconds since 1970. */
  created: z.number().int().min(0).max(8_640_000_000_000_000),
});

export type Erasure = Readonly<z.output<typeof erasure>>;

/** As a snapshot has it: with its number among all erasures of the topic. */
export const numberedErasure = erasure.extend({ number: z.number().int().min(1) });

export type NumberedErasure = Readonly<z.output<typeof numberedErasure>>;
