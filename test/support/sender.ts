import { setTimeout as sleep } from 'node:timers/promises';

export interface SentEvents {
  /** Ids of the events that the gateway answered `accepted`, by safe_user_id. */
  readonly acknowledged: ReadonlyMap<string, readonly string[]>;
  /** How many were sent, acknowledged or not. */
  readonly sent: number;
}

export interface SenderOptions {
  readonly url: () => string;
  readonly source: string;
  /** user_ids of `testcase_auth`. */
  readonly users: readonly string[];
  readonly eventsPerUser: number;
  readonly chunk: number;
  /** Marks the ids of this call. */
  readonly label: string;
}

/** What the events are about, in turn. */
const ITEMS = 40;

interface Result {
  readonly index: number;
  readonly status: string;
  readonly id?: string;
}

async function post(url: string, frames: readonly object[]): Promise<readonly Result[]> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(frames),
    signal: AbortSignal.timeout(20_000),
  });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return ((await response.json()) as { results: readonly Result[] }).results;
}

const isUp = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

async function sendAs(user: string, options: SenderOptions): Promise<string[]> {
  const acknowledged: string[] = [];
  const lock = { event: 'lock_fields', fields: { source: options.source, user_id: user } };
  for (let sent = 0; sent < options.eventsPerUser; sent += options.chunk) {
    const count = Math.min(options.chunk, options.eventsPerUser - sent);
    const events = Array.from({ length: count }, (_, n) => ({
      event: 'test',
      item: (sent + n) % ITEMS,
      id: `${options.label}-${user}-${sent + n}`,
    }));
    try {
      const results = await post(options.url(), [lock, ...events]);
      for (const { status, id } of results)
        if (status === 'accepted' && id !== undefined) acknowledged.push(id);
    } catch {
      // Nobody was told anything of this chunk: it is not sent again, and may be kept or not.
      while (!(await isUp(options.url()))) await sleep(20);
    }
  }
  return acknowledged;
}

/** Sends events of several users side by side, never one of them twice, whatever happens to the gateway meanwhile. */
export async function sendEvents(options: SenderOptions): Promise<SentEvents> {
  const lists = await Promise.all(
    options.users.map(async (user) => [`tc-testcase-${user}`, await sendAs(user, options)] as const),
  );
  return { acknowledged: new Map(lists), sent: options.users.length * options.eventsPerUser };
}
