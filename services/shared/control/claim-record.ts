import { z } from 'zod';
import { SOURCE_NAME } from '../topics.ts';

/** The most partitions that a topic of ours has. */
const MOST_PARTITIONS = 10_000;

/**
 * A source whose events went to the topic of unclaimed events has a topic of its own now. Whoever has copied some of them
 * there says how far; what is said by several who do it at once adds up.
 */
export const sourceClaim = z.object({
  kind: z.literal('source-claim'),
  source: z
    .string()
    .regex(SOURCE_NAME)
    .refine((name) => !name.startsWith('_'), 'the names of our own topics begin with _'),
  /**
   * By partition of the topic of unclaimed events: the offset below which the source's own topic has every event of the
   * source.
   */
  copied: z.array(z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)).min(1).max(MOST_PARTITIONS),
  /** Whether gateways send its events to its own topic. */
  switched: z.boolean(),
});

type Parsed = z.output<typeof sourceClaim>;

export type SourceClaim = Readonly<Omit<Parsed, 'copied'>> & { readonly copied: readonly number[] };
