import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, OutgoingRecord } from '../../services/shared/log/port.ts';
import type { Random } from '../../services/standalone/demo/random.ts';
import { eventRecord } from './events.ts';

export const REKEY_SOURCES = ['test.rekey.a', 'test.rekey.b'] as const;

export interface RekeyLoad {
  /** Sends until the returned function is called, which resolves to the number of events when all are in the log. */
  keepSending(): () => Promise<number>;
}

const BATCH = 40;
const PAUSE_MS = 15;
/** How many events of a batch are sent once more with a later one. */
const REPEATED = 2;

/** Events of 30 students in classes, about resources and documents that they share; some of them lack each of these. */
export function createRekeyLoad(
  log: EventLog,
  namespace: string,
  random: Random,
  pauseMs = PAUSE_MS,
  /** What the ids begin with: no two loads of a topic may have the same. */
  label = 'e',
): RekeyLoad {
  let made = 0;
  let repeats: OutgoingRecord[] = [];

  const some = (name: string, count: number): Record<string, string> => {
    const number = random.between(0, count);
    return number === 0 ? {} : { [name]: `${name} ${number}` };
  };
  const make = (): OutgoingRecord => {
    const id = `${label}${made++}`;
    const doc = some('id', 12);
    return eventRecord({
      namespace,
      source: random.pick(REKEY_SOURCES),
      student: `student${random.between(1, 30)}`,
      id,
      fields: { id, ...(Object.keys(doc).length > 0 && { doc }) },
      metadata: { ...some('class', 4), ...some('resource', 9) },
    });
  };

  return {
    keepSending() {
      let going = true;
      const sending = (async () => {
        const producer = await log.createProducer();
        while (going) {
          const batch = Array.from({ length: BATCH }, make);
          await producer.send([...repeats, ...batch]);
          repeats = batch.slice(0, REPEATED);
          await sleep(pauseMs);
        }
        await producer.close();
      })();
      // Whoever stops it hears of it.
      sending.catch(() => undefined);
      return async () => {
        going = false;
        await sending;
        return made;
      };
    },
  };
}
