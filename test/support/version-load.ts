import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from '../../services/shared/log/port.ts';
import { eventRecord } from './events.ts';
import { sendEvents } from './sender.ts';

/** Ten, so that units of every partition have something. */
const USERS = ['ada', 'bea', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon'];
const ITEMS = 10;
const SOURCE = 'test.versions';
/** Between two rounds: some two hundred events a second, so that the load leaves the machine to those under it. */
const PAUSE_MS = 500;

const studentOf = (user: string): string => `tc-testcase-${user}`;

/** What a dashboard asks for, to see all that the load is about. */
export const ALL_STUDENTS = `versions.of_student?${USERS.map((user) => `STUDENT=${studentOf(user)}`).join('&')}`;
export const ALL_ITEMS = `versions.of_item?${Array.from({ length: ITEMS }, (_, item) => `item=${item}`).join('&')}`;

export interface VersionLoad {
  /** How many events were acknowledged of each student, by safe_user_id. */
  readonly acknowledged: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Sends one event about each item for each user, and tells how many of each were acknowledged. */
type Round = (label: string) => Promise<ReadonlyMap<string, number>>;

/** Through a gateway. */
export const byGateway =
  (url: () => string): Round =>
  async (label) => {
    const options = { url, source: SOURCE, users: USERS, eventsPerUser: ITEMS, chunk: ITEMS, label };
    const { acknowledged } = await sendEvents(options);
    return new Map([...acknowledged].map(([student, { length }]) => [student, length]));
  };

/** As a gateway would. */
export const byProducer =
  (producer: Pick<Producer, 'send'>, namespace: string): Round =>
  async () => {
    const records = USERS.flatMap((user) =>
      Array.from({ length: ITEMS }, (_, item) =>
        eventRecord({ namespace, source: SOURCE, student: studentOf(user), fields: { item } }),
      ),
    );
    await producer.send(records);
    return new Map(USERS.map((user) => [studentOf(user), ITEMS]));
  };

/** Sends round after round until it is stopped. */
export function startVersionLoad(send: Round): VersionLoad {
  const acknowledged = new Map<string, number>();
  let stopped = false;
  const sendAll = async (): Promise<void> => {
    for (let round = 0; !stopped; round++) {
      for (const [student, n] of await send(`${process.pid}-${Date.now()}-${round}`))
        acknowledged.set(student, (acknowledged.get(student) ?? 0) + n);
      await sleep(PAUSE_MS);
    }
  };
  const sending = sendAll();
  // Who stops it is told; a test that failed before has said enough.
  sending.catch(() => undefined);
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await sending;
    },
  };
}
