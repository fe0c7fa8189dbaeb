import { useEffect, useState } from 'preact/hooks';
import { ageText } from './age.ts';
import type { Feed } from './live-feed.ts';
import { standingOf } from './standing.ts';

const TICK_MS = 1_000;

function useClock(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Whether what is shown is the present, and how old it is. Only a change of the former is read out. */
export function Freshness({ feed }: { readonly feed: Feed }) {
  const now = Math.max(useClock(), feed.asOf?.at ?? 0);
  const ageSeconds = feed.asOf === null ? null : feed.asOf.ageSeconds + (now - feed.asOf.at) / 1000;
  const { tone, text, detail } = standingOf(feed, ageSeconds);
  return (
    <p class={`freshness freshness-${tone}`}>
      <span role="status">{text}</span>
      {detail !== null && <span class="age">{detail}</span>}
      {detail === null && ageSeconds !== null && <span class="age">as of {ageText(ageSeconds)}</span>}
    </p>
  );
}
