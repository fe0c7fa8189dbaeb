import { createDecidedClaims } from '../../shared/control/decided-claims.ts';
import { controlTopic } from '../../shared/topics.ts';
import { createReadSource } from '../../shared/unclaimed/waiting-events.ts';
import { readDecisions } from './control-records.ts';
import type { CopyDeps } from './copy-partition.ts';
import type { MovedFrom } from './moved-headers.ts';
import type { MoveSource } from './open-source.ts';

/** What a move must know of the old control topic before it copies anything. */
export interface OldDecisions {
  /** That it speaks of. */
  readonly places: readonly MovedFrom[];
  readonly isCopied: CopyDeps['isCopied'];
}

export async function readOldDecisions(
  { history, namespace }: MoveSource,
  end: number,
): Promise<OldDecisions> {
  const places: MovedFrom[] = [];
  const { claims, take } = createDecidedClaims();
  for await (const decision of readDecisions(history, controlTopic(namespace), end))
    if (decision.kind === 'verdict') places.push(decision.verdict);
    else if (decision.taken?.kind === 'source-claim') take(decision.taken);
  const sourceOf = createReadSource();
  return {
    places,
    isCopied(partition, record) {
      if (claims.size === 0) return false;
      const source = sourceOf(record);
      return source !== null && record.offset < (claims.get(source)?.copied[partition] ?? 0);
    },
  };
}
