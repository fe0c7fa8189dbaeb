import { setTimeout as sleep } from 'node:timers/promises';
import { sendEvents } from './sender.ts';

/** Ten, so that units of every partition have something. */
const USERS = ['ada', 'bea', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon'];
const ITEMS = 10;
/** Between two rounds: about a thousand events a second, so that the load leaves the machine to those under it. */
const PAUSE_MS = 100;

/** What a dashboard asks for, to see all that the load is about. */
export const ALL_STUDENTS = `versions.of_student?${USERS.map((user) => `STUDENT=tc-testcase-${user}`).join('&')}`;
export const ALL_ITEMS = `versions.of_item?${Array.from({ length: ITEMS }, (_, item) => `item=${item}`).join('&')}`;

export interface VersionLoad {
  /** How many events were acknowledged of each student, by safe_user_id. */
  readonly acknowledged: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Sends events of some students to a gateway until it is stopped. */
export function startVersionLoad(url: () => string): VersionLoad {
  const acknowledged = new Map<string, number>();
  let stopped = false;
  const send = async (): Promise<void> => {
    for (let round = 0; !stopped; round++) {
      const label = `${process.pid}-${Date.now()}-${round}`;
      const options = {
        url,
        source: 'test.versions',
        users: USERS,
        eventsPerUser: ITEMS,
        chunk: ITEMS,
        label,
      };
      const { acknowledged: ids } = await sendEvents(options);
      for (const [student, { length }] of ids)
        acknowledged.set(student, (acknowledged.get(student) ?? 0) + length);
      await sleep(PAUSE_MS);
    }
  };
  const sending = send();
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await sending;
    },
  };
}
