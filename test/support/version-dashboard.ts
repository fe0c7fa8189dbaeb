import { type LiveClient, type LiveMessage, openLive } from './live-client.ts';

interface Shown {
  readonly n: number;
  readonly version: number;
}

/** Somebody who looks at states of the module `versions`, through whatever becomes of it. */
export interface Dashboard {
  /** What is shown now, by key. */
  readonly shown: ReadonlyMap<string, Shown>;
  /** What should never have been shown: a default, a rebuild, less than before. */
  readonly faults: readonly string[];
  /** The versions whose states were shown, in their order. */
  readonly versions: readonly number[];
  close(): void;
}

/** A machine that does much else at the same time is slow. */
const DEADLINE_MS = 60_000;

/**
 * Opens a live stream on states that are there, and judges whatever it shows. After a rollback in which some may be lost,
 * or a restart, open another one.
 */
export async function openDashboard(queryUrl: string, path: string): Promise<Dashboard> {
  const shown = new Map<string, Shown>();
  const faults: string[] = [];
  const versions: number[] = [];
  const open = (): Promise<LiveClient> => openLive(`${queryUrl}/v1/live/${path}`, DEADLINE_MS);
  let client = await open();
  // As a page does: a store that is slow just then is asked again.
  for (; client.status !== 200; client = await open()) client.close();
  let closed = false;

  const take = ({ items }: LiveMessage): void => {
    for (const { key, state, default: isDefault } of items) {
      const name = Object.values(key).join();
      const before = shown.get(name);
      const now = state as Shown | null;
      if (isDefault || now === null) faults.push(`${name} shows ${JSON.stringify(state)}`);
      else if (before !== undefined && now.n < before.n)
        faults.push(`${name} went back from ${before.n} to ${now.n} with version ${now.version}`);
      if (now === null) continue;
      shown.set(name, now);
      if (versions.at(-1) !== now.version) versions.push(now.version);
    }
  };
  const read = async (): Promise<void> => {
    while (!closed) take(await client.next());
  };
  take(await client.next());
  read().catch((error: unknown) => {
    if (!closed) faults.push(`the stream: ${String(error)}`);
  });
  return {
    shown,
    faults,
    versions,
    close() {
      closed = true;
      client.close();
    },
  };
}
