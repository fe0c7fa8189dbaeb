import { type Json, reasonOf } from './api.ts';

export interface Shown {
  readonly state: Json;
  /** True when the student has no state, and this is the reducer's default. */
  readonly default: boolean;
  /** There while the state is made anew out of history; `target` is null until a worker has begun. */
  readonly rebuilding?: { readonly target: number | null; readonly progress: number };
}

interface Message {
  readonly items: readonly (Shown & { readonly key: { readonly STUDENT?: string } })[];
  readonly asOf: readonly { readonly partition: number; readonly time: number | null }[];
  /** The server's clock, in seconds. */
  readonly now: number;
}

/** How old the data is that is shown: `ageSeconds` at the moment `at` of this page's own clock. */
export interface AsOf {
  readonly ageSeconds: number;
  /** In milliseconds, from `performance.now()`. */
  readonly at: number;
}

export interface Feed {
  readonly connection: 'connecting' | 'live' | 'lost';
  /** Why the service refused, when it said so. */
  readonly reason: string | null;
  /** By student; the one state of a reducer that is not of students is nobody's. */
  readonly states: ReadonlyMap<string, Shown>;
  /** Null while some of the data was never worked through. */
  readonly asOf: AsOf | null;
}

export const NOBODY = '';

export const NO_FEED: Feed = { connection: 'connecting', reason: null, states: new Map(), asOf: null };

const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

/** The data is as old as its oldest part. Ages are differences on one clock each, so clocks may disagree. */
function asOfNow(times: ReadonlyMap<number, number | null>, now: number): AsOf | null {
  const known = [...times.values()];
  if (known.length === 0 || known.includes(null)) return null;
  const oldest = Math.min(...known.filter((time) => time !== null));
  return { ageSeconds: Math.max(0, now - oldest), at: performance.now() };
}

/**
 * Follows a live stream until the returned function is called. A connection that breaks is made again, by the browser
 * or here, and starts with a new snapshot; until then what was shown stays, marked as lost.
 */
export function followLive(url: string, onFeed: (feed: Feed) => void): () => void {
  const closing = new AbortController();
  const times = new Map<number, number | null>();
  let feed = NO_FEED;
  let source: EventSource | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let retryMs = MIN_RETRY_MS;

  function update(change: Partial<Feed>): void {
    feed = { ...feed, ...change };
    onFeed(feed);
  }

  function take(event: MessageEvent<string>): void {
    const { items, asOf, now } = JSON.parse(event.data) as Message;
    if (event.type === 'snapshot') times.clear();
    for (const { partition, time } of asOf) times.set(partition, time);
    const states = new Map(event.type === 'snapshot' ? [] : feed.states);
    for (const { key, ...shown } of items) states.set(key.STUDENT ?? NOBODY, shown);
    retryMs = MIN_RETRY_MS;
    update({ connection: 'live', reason: null, states, asOf: asOfNow(times, now) });
  }

  /** An EventSource gives up when it is refused, without saying why. */
  async function askReason(): Promise<string | null> {
    const asking = new AbortController();
    try {
      const response = await fetch(url, { signal: AbortSignal.any([asking.signal, closing.signal]) });
      return response.ok ? null : await reasonOf(response);
    } catch {
      return null;
    } finally {
      asking.abort();
    }
  }

  async function lost(): Promise<void> {
    update({ connection: 'lost' });
    if (source?.readyState !== EventSource.CLOSED) return;
    const reason = await askReason();
    if (closing.signal.aborted) return;
    update({ reason });
    retry = setTimeout(open, retryMs * (0.5 + Math.random()));
    retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
  }

  function open(): void {
    source = new EventSource(url);
    for (const event of ['snapshot', 'change', 'fresh']) source.addEventListener(event, take);
    source.addEventListener('error', () => void lost());
  }

  open();
  return () => {
    closing.abort();
    clearTimeout(retry);
    source?.close();
  };
}
