import type { BlobAsked, BlobReader } from './blob-reader.ts';
import type { Problem } from './frame.ts';

/** Answers the `fetch_blob` frames of one connection, in their order. */
export interface BlobDesk {
  /** The connection saved a blob, and `kept` resolves when it is durable: what is fetched from now on shows it. */
  saving(kept: Promise<void>): void;
  /** False, and nothing done, when too many wait already. */
  fetch(fetch: BlobFetch): boolean;
  /** The socket is closed. */
  end(): void;
}

type BlobFetch = Pick<BlobAsked, 'student' | 'name' | 'deliver'>;

export interface BlobDeskDeps {
  /** Null where there is no store to read blobs from. */
  readonly reader: BlobReader | null;
  /** Besides the one that is being answered. */
  readonly maxWaiting: number;
}

const NO_STORE: Problem = {
  error: 'fetch_blob: this gateway has nothing to read blobs from; what is saved is kept',
  remedy: 'whoever runs it sets LECTERN_REDIS_URL',
};
export function createBlobDesk({ reader, maxWaiting }: BlobDeskDeps): BlobDesk {
  const ended = new AbortController();
  const waiting: (() => Promise<void>)[] = [];
  let busy = false;
  /** Rejects once any of them was not kept: a blob that is fetched after it would be an older one. */
  let saves: Promise<unknown> = Promise.resolve();

  async function answer(fetch: BlobFetch, after: Promise<unknown>): Promise<void> {
    if (reader === null) await fetch.deliver({ kind: 'problem', problem: NO_STORE }, ended.signal);
    else await reader.answer({ ...fetch, after, signal: ended.signal });
  }

  async function work(): Promise<void> {
    busy = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
    busy = false;
  }

  return {
    saving(kept) {
      saves = Promise.all([saves, kept]);
      saves.catch(() => undefined);
    },
    fetch(fetch) {
      if (waiting.length >= maxWaiting) return false;
      const after = saves;
      waiting.push(() => answer(fetch, after));
      if (!busy) void work();
      return true;
    },
    end() {
      waiting.length = 0;
      ended.abort();
    },
  };
}
