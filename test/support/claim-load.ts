import { setTimeout as sleep } from 'node:timers/promises';

/** Events of a source that nobody has named yet, sent until gateways have acknowledged them. */

export const CLAIMED_SOURCE = 'test.claimed.late';
const STUDENTS = ['s0', 's1', 's2', 's3', 's4', 's5'] as const;

export interface ClaimLoad {
  /**
   * Until the returned function is called, which resolves when all that was sent is acknowledged. Each student waits so
   * many milliseconds between two requests: what is not numbered is only known again among the last 10,000 records.
   */
  keepSending(pauseMs: number): () => Promise<void>;
  /** By safe_user_id: how many events were acknowledged, numbered from 0. */
  readonly acknowledged: ReadonlyMap<string, number>;
}

const CHUNK = 10;
const PATIENCE_MS = 1_500;

async function post(url: string, frames: readonly object[]): Promise<void> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(frames),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { results } = (await response.json()) as { results?: readonly { status: string }[] };
  if (results?.slice(1).every(({ status }) => status !== 'rejected') !== true)
    throw new Error(`status ${response.status}`);
}

/**
 * Each student sends in order, to one gateway after the other; what is not answered in time is sent again, to the other
 * one. Half of the students number their events.
 */
export function createClaimLoad(urls: readonly string[]): ClaimLoad {
  const acknowledged = new Map<string, number>();

  const sendChunk = async (student: string, from: number, turn: number): Promise<void> => {
    const isNumbered = STUDENTS.indexOf(student as never) % 2 === 0;
    const lock = { event: 'lock_fields', fields: { source: CLAIMED_SOURCE, user_id: student } };
    const events = Array.from({ length: CHUNK }, (_, at) => ({
      event: 'test',
      n: from + at,
      id: `${student}-${from + at}`,
      ...(isNumbered ? { session: student, sequence: from + at } : {}),
    }));
    for (let attempt = 0; ; attempt++) {
      try {
        return await post(urls[(turn + attempt) % urls.length]!, [lock, ...events]);
      } catch {
        await sleep(20);
      }
    }
  };

  return {
    acknowledged,
    keepSending(pauseMs) {
      let going = true;
      const sending = STUDENTS.map(async (student, index) => {
        const key = `tc-testcase-${student}`;
        for (let turn = index; going; turn++) {
          const from = acknowledged.get(key) ?? 0;
          await sendChunk(student, from, turn);
          acknowledged.set(key, from + CHUNK);
          await sleep(pauseMs);
        }
      });
      return async () => {
        going = false;
        await Promise.all(sending);
      };
    },
  };
}
