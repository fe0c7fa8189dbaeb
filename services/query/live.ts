import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../shared/errors.ts';
import type { Logger } from '../shared/logger.ts';
import type { Hint, StateStore } from '../shared/state/port.ts';
import type { KeyValues } from '../shared/state-key.ts';
import type { Catalog, Target } from './catalog.ts';
import type { LiveFigures, QueryMetrics } from './metrics.ts';
import type { StateReader } from './state-reader.ts';
import { createSubscription, type Subscription } from './subscription.ts';
import type { Versions } from './versions.ts';
import { createWatchedKeys, type WatchedKey } from './watched-keys.ts';

export interface LiveLimits {
  /** How often everything watched is read again, whatever hints came. */
  readonly sweepMs: number;
  /** How long changes are gathered before they are read. */
  readonly coalesceMs: number;
  readonly heartbeatMs: number;
  readonly maxClients: number;
  /** Distinct keys, over all clients. */
  readonly maxKeys: number;
  readonly maxBufferedBytes: number;
  readonly maxBehindMs: number;
}

export const LIVE_LIMITS: LiveLimits = {
  sweepMs: 5_000,
  coalesceMs: 100,
  heartbeatMs: 15_000,
  maxClients: 2_000,
  maxKeys: 50_000,
  maxBufferedBytes: 1024 * 1024,
  maxBehindMs: 60_000,
};

/** How long a new stream waits for hints to be on before it makes do with the sweep. */
const WATCH_TIMEOUT_MS = 1_000;

export interface LiveDeps {
  readonly state: Pick<StateStore, 'watch'>;
  readonly reader: StateReader;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly versions: Pick<Versions, 'settled' | 'isSettling' | 'reading' | 'onChange'>;
  readonly metrics: QueryMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  readonly limits: LiveLimits;
}

export interface Live {
  /**
   * Watches keys and reads them; the subscription can then be started. Null when there is no room for it. Rejects with
   * a retriable STATE_UNAVAILABLE when the store does not answer.
   */
  subscribe(target: Target, keys: readonly KeyValues[]): Promise<Subscription | null>;
  unsubscribe(subscription: Subscription): void;
  figures(): LiveFigures;
  /** Ends every stream. */
  stop(): void;
}

/**
 * Keeps live streams up to date. What is read is decided by keys, not by clients: a key that a thousand clients show is
 * read once. Hints only make it soon; the sweep makes it certain.
 */
export function createLive(deps: LiveDeps): Live {
  const { state, versions, metrics, logger, now, limits } = deps;
  const watched = createWatchedKeys<Subscription>(deps);
  const subscriptions = new Set<Subscription>();
  let stopped = false;
  let unwatch: Promise<() => Promise<void>> | null = null;
  let dirty = new Set<WatchedKey<Subscription>>();
  let gathering: NodeJS.Timeout | null = null;
  let reading: Promise<void> = Promise.resolve();
  let nextReading: Promise<void> | null = null;
  let failing = false;

  async function readDirty(): Promise<void> {
    const keys = dirty;
    dirty = new Set();
    nextReading = null;
    const changed = await watched.read(keys);
    const touched = new Set<Subscription>();
    for (const key of changed)
      for (const subscription of key.watchers) {
        subscription.changed(key);
        touched.add(subscription);
      }
    for (const subscription of touched) subscription.deliver();
  }

  /** Reads one after another, so that no older reading replaces a newer one; who asks meanwhile shares the next. */
  function read(keys: Iterable<WatchedKey<Subscription>>): Promise<void> {
    for (const key of keys) dirty.add(key);
    if (nextReading === null) {
      nextReading = reading.then(readDirty, readDirty);
      reading = nextReading;
    }
    return nextReading;
  }

  async function readUnasked(keys: Iterable<WatchedKey<Subscription>>): Promise<boolean> {
    try {
      await read(keys);
      failing = false;
    } catch (error) {
      if (!failing)
        logger.warn({ error: messageOf(error) }, 'live streams are behind: states cannot be read');
      failing = true;
    }
    return !failing;
  }

  function hinted(hint: Hint): void {
    const keys = hint.fields.map((field) => watched.ofField(field)).filter((key) => key !== undefined);
    for (const key of keys) dirty.add(key);
    if (dirty.size === 0 || gathering !== null) return;
    gathering = setTimeout(() => {
      gathering = null;
      void readUnasked([]);
    }, limits.coalesceMs);
  }

  function watchHints(): Promise<() => Promise<void>> {
    const asked = state.watch(hinted);
    asked.catch((error: unknown) => {
      logger.warn({ error: messageOf(error) }, 'no hints of changes: live streams wait for the sweep');
      if (unwatch === asked) unwatch = null;
    });
    return asked;
  }

  /** Workers announce changes only while somebody watches, so this is done only while somebody does. */
  async function listen(): Promise<void> {
    unwatch ??= watchHints();
    await Promise.race([unwatch.catch(() => undefined), delay(WATCH_TIMEOUT_MS, null, { ref: false })]);
  }

  function stopListening(): void {
    unwatch?.then((end) => end()).catch(() => undefined);
    unwatch = null;
  }

  const sweep = setInterval(() => {
    if (subscriptions.size === 0) return;
    void listen();
    void readUnasked(watched.all()).then((done) => {
      if (done) for (const subscription of subscriptions) subscription.refreshed();
    });
  }, limits.sweepMs);
  const heartbeat = setInterval(() => {
    for (const subscription of subscriptions) subscription.heartbeat();
  }, limits.heartbeatMs);

  function unsubscribe(subscription: Subscription): void {
    if (!subscriptions.delete(subscription)) return;
    for (const key of subscription.keys) watched.remove(key, subscription);
    if (subscriptions.size === 0) stopListening();
  }

  /** Also what is not read while the version is being changed. */
  async function readAll(name: string, keys: ReadonlySet<WatchedKey<Subscription>>): Promise<void> {
    do {
      await versions.settled(name);
      await read(keys);
    } while ([...keys].some(({ item }) => item === null));
  }

  versions.onChange((name) => {
    const { kept, gone } = watched.turn(name);
    // Their readers connect again, and are told what is wrong.
    for (const subscription of new Set(gone.flatMap(({ watchers }) => [...watchers]))) {
      subscription.end();
      unsubscribe(subscription);
    }
    void readUnasked(kept);
  });

  return {
    async subscribe(target, keys) {
      const full = subscriptions.size >= limits.maxClients || watched.size + keys.length > limits.maxKeys;
      if (stopped || full) return null;
      const shown = new Set<WatchedKey<Subscription>>();
      const subscription = createSubscription({ metrics, now, ...limits }, shown);
      for (const values of keys) shown.add(watched.add(target, values, subscription));
      subscriptions.add(subscription);
      try {
        await listen();
        await readAll(target.module.name, shown);
        // Another version may have come meanwhile, which does not have what was asked for.
        return subscriptions.has(subscription) ? subscription : null;
      } catch (error) {
        unsubscribe(subscription);
        throw error;
      }
    },
    unsubscribe,
    figures: () => ({
      clients: subscriptions.size,
      keys: watched.size,
      bufferedBytes: [...subscriptions].reduce((sum, subscription) => sum + subscription.bufferedBytes(), 0),
    }),
    stop() {
      stopped = true;
      clearInterval(sweep);
      clearInterval(heartbeat);
      if (gathering !== null) clearTimeout(gathering);
      stopListening();
      for (const subscription of subscriptions) subscription.end();
    },
  };
}
