import type { EventStream } from './event-stream.ts';
import type { QueryMetrics } from './metrics.ts';
import type { UnitAsOf } from './state-reader.ts';
import type { WatchedKey } from './watched-keys.ts';

/**
 * One reader of a live stream. It is sent a `snapshot` of all its keys, then a `change` with the latest of those that
 * changed, and a `fresh` when all were read again and how far they are is the news. Each is
 * `{items, asOf: [{topic, partition, offset, time}], now}`, with `asOf` for what its items show, and times in seconds.
 */
export interface Subscription {
  readonly keys: ReadonlySet<WatchedKey<Subscription>>;
  /** Sends the snapshot of what was read; only then anything else. */
  start(stream: EventStream): void;
  /** Remembers that a key changed, for the next `deliver`. */
  changed(key: WatchedKey<Subscription>): void;
  deliver(): void;
  /** All keys were just read again. */
  refreshed(): void;
  heartbeat(): void;
  bufferedBytes(): number;
  end(): void;
}

export interface SubscriptionDeps {
  readonly metrics: QueryMetrics;
  readonly now: () => number;
  /**
   * Bytes that may wait for the reader; beyond, it gets no more until it took them, and then a fresh snapshot. Not less
   * than 64 KiB, because Node tells of a smaller backlog's end only sometimes.
   */
  readonly maxBufferedBytes: number;
  /** How long a reader may be that far behind before its connection is cut. */
  readonly maxBehindMs: number;
}

/** For each partition how far the key is that was read longest ago. */
function asOfText(keys: Iterable<WatchedKey<Subscription>>): string {
  const units = new Map<number, UnitAsOf>();
  for (const { unit } of keys) {
    if (unit === null) continue;
    const other = units.get(unit.partition);
    if (other === undefined || (unit.offset ?? -1) <= (other.offset ?? -1)) units.set(unit.partition, unit);
  }
  return JSON.stringify([...units.values()].sort((a, b) => a.partition - b.partition));
}

/** Latest value wins: what waits for a slow reader is a set of its keys, never a queue. */
export function createSubscription(
  deps: SubscriptionDeps,
  keys: ReadonlySet<WatchedKey<Subscription>>,
): Subscription {
  const { metrics, now, maxBufferedBytes, maxBehindMs } = deps;
  const changed = new Set<WatchedKey<Subscription>>();
  let stream: EventStream | null = null;
  let behindSince: number | null = null;
  let sentAsOf = '';

  function send(
    event: 'snapshot' | 'change' | 'fresh',
    shown: Iterable<WatchedKey<Subscription>>,
    asOf: string,
  ): void {
    const items = [...shown].map((key) => key.item).join(',');
    stream?.send(event, `{"items":[${items}],"asOf":${asOf},"now":${now() / 1000}}`);
    metrics.liveMessages.inc({ event });
  }

  function sendSnapshot(): void {
    changed.clear();
    sentAsOf = asOfText(keys);
    send('snapshot', keys, sentAsOf);
  }

  /** False when the reader has to take what waits for it first. */
  function keepsUp(): boolean {
    if (stream === null || behindSince !== null) return false;
    if (stream.bufferedBytes() < maxBufferedBytes) return true;
    behindSince = now();
    metrics.liveBehind.inc();
    return false;
  }

  return {
    keys,
    start(opened) {
      stream = opened;
      stream.onDrain(() => {
        if (behindSince === null) return;
        behindSince = null;
        sendSnapshot();
      });
      sendSnapshot();
    },
    changed: (key) => void changed.add(key),
    deliver() {
      if (changed.size === 0) return;
      if (keepsUp()) send('change', changed, asOfText(changed));
      changed.clear();
    },
    refreshed() {
      const asOf = asOfText(keys);
      if (asOf === sentAsOf || !keepsUp()) return;
      sentAsOf = asOf;
      send('fresh', [], asOf);
    },
    heartbeat() {
      if (behindSince !== null && now() - behindSince > maxBehindMs) stream?.destroy();
      else if (keepsUp()) stream?.comment('heartbeat');
    },
    bufferedBytes: () => stream?.bufferedBytes() ?? 0,
    end: () => stream?.end(),
  };
}
