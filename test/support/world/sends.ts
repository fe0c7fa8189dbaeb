import { LecternError } from '../../../services/shared/errors.ts';
import type { OutgoingRecord, Producer } from '../../../services/shared/log/port.ts';
import type { Broker } from './broker.ts';
import type { Machine } from './machine.ts';
import { isRekeyTopic } from './rekeyed.ts';
import type { Schedule } from './schedule.ts';

/** What goes wrong between processes and the log when they send records under other keys. */
export interface SendFaults {
  /** So many sends are answered with an error, whatever becomes of their records. */
  failing: number;
}

export interface ProcessSendDeps {
  readonly schedule: Schedule;
  readonly broker: Broker;
  readonly machine: Machine;
  readonly sends: SendFaults;
}

/** How long a record may be on its way when nobody waits for it any more. */
const LONGEST_WAY_MS = 2_000;

/** How one process of the world sends records. */
export function createProcessSend(deps: ProcessSendDeps): Producer['send'] {
  const { schedule, broker, machine, sends } = deps;

  /** Of each partition the records arrive, get lost, or arrive some time later. */
  const arriveSomehow = (records: readonly OutgoingRecord[]): void => {
    for (const partition of new Set(records.map((record) => record.partition))) {
      const own = records.filter((record) => record.partition === partition);
      const fate = schedule.random.integer(0, 2);
      if (fate === 0) broker.append(own);
      else if (fate === 1)
        schedule.after(schedule.random.integer(1, LONGEST_WAY_MS), () => void broker.append(own));
    }
  };

  return (records) =>
    machine.call(() => {
      if (sends.failing === 0 || !isRekeyTopic(records[0]!.topic)) return broker.append(records);
      sends.failing -= 1;
      arriveSomehow(records);
      throw new LecternError('LOG_UNAVAILABLE', 'the broker does not answer');
    });
}
