import { setTimeout as sleep } from 'node:timers/promises';
import { sendEvents } from './sender.ts';
import { waitFor } from './wait.ts';

export interface KillLoop {
  readonly gatewayUrl: () => string;
  readonly source: string;
  readonly rounds: number;
  /** Kills something with -9 and starts it again; resolves when it listens. */
  readonly killAndStart: (round: number) => Promise<void>;
}

const USERS = Array.from({ length: 10 }, (_, index) => `student${index}`);
const EVENTS_PER_USER = 100;

/** Each round sends 1,000 events and kills at a random moment of it. Gives the ids that were acknowledged. */
export async function runKillLoop(loop: KillLoop): Promise<Set<string>> {
  const acknowledged = new Set<string>();
  for (let round = 0; round < loop.rounds; round++) {
    const sending = sendEvents({
      url: loop.gatewayUrl,
      source: loop.source,
      users: USERS,
      eventsPerUser: EVENTS_PER_USER,
      chunk: 5,
      label: `round${round}`,
    });
    await sleep(Math.random() * 400);
    await loop.killAndStart(round);
    for (const ids of (await sending).acknowledged.values()) for (const id of ids) acknowledged.add(id);
  }
  return acknowledged;
}

/** Waits until the query service answers, for every student, the count that the records give. */
export async function expectCounts(queryUrl: string, counts: ReadonlyMap<string, number>): Promise<void> {
  for (const [student, count] of counts) {
    const url = `${queryUrl}/v1/state/student_events.student_event_counter?STUDENT=${encodeURIComponent(student)}`;
    let last: unknown;
    const reached = async (): Promise<boolean> => {
      const answer = (await (await fetch(url)).json()) as { state?: { count?: number } };
      last = answer;
      return answer.state?.count === count;
    };
    await waitFor(reached, { message: `${student} is counted ${count} times`, timeoutMs: 60_000 }).catch(
      (error) => {
        throw new Error(`${(error as Error).message}; it was ${JSON.stringify(last)}`);
      },
    );
  }
}
