import { isBehind } from './age.ts';
import type { Feed, Shown } from './live-feed.ts';

/** What the page says of the data that it shows: whether it is the present, and if not, what comes. */
export interface Standing {
  readonly tone: 'good' | 'waiting' | 'bad';
  readonly text: string;
  /** What changes too often to be read out each time. */
  readonly detail: string | null;
}

/** How much is made anew of what is shown, in whole percent: of the part that is furthest behind. Null for nothing. */
function rebuiltPercent(states: Iterable<Shown>): number | null {
  let lowest: number | null = null;
  // Where no worker has begun, nothing is known to be made anew.
  for (const { rebuilding } of states)
    if (rebuilding !== undefined && rebuilding.target !== null)
      lowest = Math.min(lowest ?? 1, rebuilding.progress);
  return lowest === null ? null : Math.floor(lowest * 100 + 1e-6);
}

/** `ageSeconds` is how old the data is now; null while some of it was never worked through. */
export function standingOf({ connection, states }: Feed, ageSeconds: number | null): Standing {
  if (connection === 'lost') return { tone: 'bad', text: 'Connection lost, reconnecting', detail: null };
  if (connection === 'connecting') return { tone: 'waiting', text: 'Connecting', detail: null };
  const percent = rebuiltPercent(states.values());
  if (percent !== null) return { tone: 'waiting', text: 'Rebuilding', detail: `${percent} % done` };
  if (ageSeconds === null) return { tone: 'waiting', text: 'Waiting for a worker', detail: null };
  return isBehind(ageSeconds)
    ? { tone: 'bad', text: 'Behind', detail: null }
    : { tone: 'good', text: 'Live', detail: null };
}
