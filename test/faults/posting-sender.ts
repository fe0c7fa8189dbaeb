import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf, type GatewaySender, locked, numberOf, type SenderPlace } from './gateway-sender.ts';

const REQUEST = 10;
const PAUSE_MS = 50;
const AGAIN_MS = 200;
/** Longer than what a gateway waits for the log, so that mostly it says itself that it was too slow. */
const ANSWER_MS = 15_000;

interface Result {
  readonly status: string;
  readonly id?: string;
  readonly error?: string;
}

/** Sends by `POST /v1/events`, one request at a time: again, under the same ids, what was answered 503 or not at all. */
export function startPostingSender({ url, user }: SenderPlace): GatewaySender {
  const acknowledged = new Set<number>();
  const lock = { event: 'lock_fields', fields: locked(user) };
  let [made, going] = [0, true];

  /** Null where the gateway said, or left it open, that the events are to be sent again. */
  const post = async (body: string): Promise<readonly Result[] | null> => {
    const headers = { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body, signal })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
      // Whatever kept the answer from coming.
      .catch(() => null);
    if (answer === null || answer.status === 503) return null;
    if (answer.status === 200) return (JSON.parse(answer.text) as { results: readonly Result[] }).results;
    throw new Error(`${user}: the gateway should take everything: ${answer.status} ${answer.text}`);
  };
  const sendUntilKept = async (body: string): Promise<void> => {
    for (;;) {
      const results = await post(body);
      if (results === null) {
        await sleep(AGAIN_MS);
        continue;
      }
      for (const { status, id, error } of results) {
        if (status === 'rejected') throw new Error(`${user}: the gateway should take everything: ${error}`);
        if (id !== undefined) acknowledged.add(numberOf(id));
      }
      return;
    }
  };
  const sending = (async () => {
    while (going) {
      const events = Array.from({ length: REQUEST }, () => eventOf(user, made++));
      await sendUntilKept(JSON.stringify([lock, ...events]));
      await sleep(PAUSE_MS);
    }
  })();
  sending.catch(() => undefined);
  return {
    user,
    made: () => made,
    acknowledged,
    connections: () => null,
    stop() {
      going = false;
      return sending;
    },
  };
}
