import type { PartitionOffsets } from '../shared/log/port.ts';
import type { Anchor, Claim, UnitFacts } from '../shared/state/port.ts';

/** What forbids to go on from a claim (I5), each with its remedy. Never repaired silently. */

export type Range = Pick<PartitionOffsets, 'start' | 'end'>;

/** What is stored against what this program has; the claim changed nothing then. Null when they agree. */
export function factsProblem(stored: UnitFacts, own: UnitFacts): string | null {
  if (stored.formatVersion !== own.formatVersion)
    return `its checkpoint has format ${stored.formatVersion}, this program writes ${own.formatVersion}: run the version that wrote it, or raise the module's VERSION`;
  if (stored.partitions !== own.partitions)
    return `its checkpoint was made with ${stored.partitions} partitions, the topic has ${own.partitions}: more partitions need a new namespace`;
  if (stored.reducersHash !== own.reducersHash)
    return 'reducer names, scopes, contexts, state types or null states changed under the same VERSION: raise VERSION, or undo the change';
  return null;
}

/** The stored position against what log and archive hold; `oldest` is the oldest offset that either has. */
export function positionProblem({ next }: Claim, log: Range, oldest: number): string | null {
  if (next === null) return null;
  if (next > log.end)
    return `its stored offset ${next} lies beyond the log's end ${log.end}: the topic was made again or lost records; use a new namespace, or restore the topic`;
  if (next < oldest)
    return `offsets ${next} to ${oldest - 1} are neither in the archive nor in the log: restore the archive objects that held them, or use a new namespace`;
  return null;
}

/** The record that stands where the anchor's did; null when it is that one. */
export function anchorProblem(anchor: Anchor, found: Anchor | null): string | null {
  if (found !== null && found.timestamp === anchor.timestamp && found.id === anchor.id) return null;
  const what = found === null ? 'no longer has' : 'has another record at';
  return `the log ${what} offset ${anchor.offset}, the last one that was reduced: the topic was made again under its old name; use a new namespace, or restore the topic`;
}
