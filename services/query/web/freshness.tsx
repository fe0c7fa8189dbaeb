import { useEffect, useState } from 'preact/hooks';
import { ageText, isBehind } from './age.ts';
import type { Feed } from './live-feed.ts';

const TICK_MS = 1_000;

function useClock(): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

interface Standing {
  readonly tone: 'good' | 'waiting' | 'bad';
  readonly text: string;
}

function standingOf(feed: Feed, ageSeconds: number | null): Standing {
  if (feed.connection === 'lost') return { tone: 'bad', text: 'Connection lost, reconnecting' };
  if (feed.connection === 'connecting') return { tone: 'waiting', text: 'Connecting' };
  if (ageSeconds === null) return { tone: 'waiting', text: 'Waiting for a worker' };
  return isBehind(ageSeconds) ? { tone: 'bad', text: 'Behind' } : { tone: 'good', text: 'Live' };
}

/** Whether what is shown is the present, and how old it is. Only a change of the former is read out. */
export function Freshness({ feed }: { readonly feed: Feed }) {
  const now = Math.max(useClock(), feed.asOf?.at ?? 0);
  const ageSeconds = feed.asOf === null ? null : feed.asOf.ageSeconds + (now - feed.asOf.at) / 1000;
  const { tone, text } = standingOf(feed, ageSeconds);
  return (
    <p class={`freshness freshness-${tone}`}>
      <span role="status">{text}</span>
      {ageSeconds !== null && <span class="age">as of {ageText(ageSeconds)}</span>}
    </p>
  );
}
