import { z } from 'zod';

/** Records of the control topic that say who may send. */

const text = (longest: number): z.ZodString => z.string().min(1).max(longest);
/** Milliseconds since 1970. */
const time = z.number().int().min(0).max(8_640_000_000_000_000);

/** Bounds of one record: what the CLI checks, too. */
export const ACCESS_BOUNDS = { nameChars: 100, sources: 50, valueChars: 1_000, messageChars: 500 } as const;
/** Of a block that is given in milliseconds: ten years. */
export const LONGEST_BLOCK_MS = 315_360_000_000;

/** Random hex digits, no secret. */
const KEY_ID = /^[0-9a-f]{12}$/;

/**
 * An API key. The key itself stands nowhere: `hash` is the SHA-256 of its text, in hex. A key has 256 random bits, which
 * nobody can guess, so a slow hash would protect nothing more and cost every request.
 */
export const apiKey = z.object({
  kind: z.literal('api-key'),
  id: z.string().regex(KEY_ID),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  /** For people. */
  name: text(ACCESS_BOUNDS.nameChars),
  /** The sources that may be sent for; null is all. */
  sources: z.array(text(180)).min(1).max(ACCESS_BOUNDS.sources).nullable(),
  /** Whether whoever has it is believed who a learner is; false for a key that stands in a page. */
  vouches: z.boolean(),
  created: time,
  expires: time.nullable(),
  /** When it was revoked; that is final. */
  revoked: time.nullable(),
});

export const BLOCK_SUBJECTS = ['source', 'domain', 'safe_user_id'] as const;
export const BLOCK_ACTIONS = ['DROP', 'MAINTAIN'] as const;
export const BLOCK_SPANS = ['PERMANENT', 'MINUTES', 'DAYS'] as const;

/** Who may not send, and what their client is told. */
export const block = z.object({
  kind: z.literal('block'),
  subject: z.enum(BLOCK_SUBJECTS),
  value: text(ACCESS_BOUNDS.valueChars),
  /** What the client does with what it has not sent: forget it, or keep it. */
  action: z.enum(BLOCK_ACTIONS),
  /** As a client is told; a number is milliseconds. */
  timeLimit: z.union([z.enum(BLOCK_SPANS), z.number().int().min(1).max(LONGEST_BLOCK_MS)]),
  message: text(ACCESS_BOUNDS.messageChars),
  created: time,
  /** When it ends by itself; null is never. */
  until: time.nullable(),
});

export const unblock = z.object({
  kind: z.literal('unblock'),
  subject: block.shape.subject,
  value: block.shape.value,
});

export type ApiKey = Readonly<Omit<z.output<typeof apiKey>, 'sources'>> & {
  readonly sources: readonly string[] | null;
};
export type Block = Readonly<z.output<typeof block>>;
export type Unblock = Readonly<z.output<typeof unblock>>;
export type BlockSubject = Block['subject'];

/** What tells blocks apart; the last of one name stands. */
export function blockName({ subject, value }: Pick<Block, 'subject' | 'value'>): string {
  return `${subject}:${value}`;
}
