import { LecternError } from '../../../services/shared/errors.ts';
import { keyOf } from '../../../services/shared/log/partition-key.ts';
import type {
  ConsumerHandlers,
  GroupConsumer,
  LogRecord,
  TopicPartition,
} from '../../../services/shared/log/port.ts';
import type { Broker } from './broker.ts';
import type { Group, Joined, Pulse } from './group.ts';
import { latency, type Machine } from './machine.ts';
import type { Schedule } from './schedule.ts';

export interface MemberDeps {
  readonly schedule: Schedule;
  readonly machine: Machine;
  readonly broker: Broker;
  readonly group: Group;
  readonly topics: readonly string[];
  readonly heartbeatMs: number;
}

interface Reading {
  readonly at: TopicPartition;
  position: number;
  paused: boolean;
  fetching: boolean;
}

interface Fetched {
  readonly records: readonly LogRecord[];
  readonly start: number;
  readonly end: number;
}

const LARGEST_BATCH = 12;
/** How long a fetch waits for records that are not there, at most. */
const LONGEST_POLL_MS = 600;
/** How long a request waits for a coordinator that does not hear it. */
const REQUEST_MS = 1_000;

/** One member of a group, in a process. It learns late what the group decided, and reads on until then. */
export function createMember(deps: MemberDeps): GroupConsumer {
  const { schedule, machine, broker, group } = deps;
  const readings = new Map<string, Reading>();
  /** Batches that are being handled, by partition. */
  const busy = new Map<string, Promise<void>>();
  let handlers: ConsumerHandlers | undefined;
  let memberId: string | null = null;
  let generation = 0;
  let assigned = new Set<string>();
  let fenced = true;
  let stopped = false;
  let stopHeartbeat = (): void => undefined;

  /** Asks the coordinator, who hears nothing of a process that is cut off from it. */
  const ask = async <T>(question: () => T): Promise<T> => {
    if (machine.isolated) {
      await machine.clock.sleep(REQUEST_MS);
      throw new LecternError('LOG_UNAVAILABLE', 'the coordinator does not answer');
    }
    return machine.call(question);
  };

  const revoke = (): void => {
    if (fenced) return;
    fenced = true;
    readings.clear();
    handlers!.revoked();
  };

  const joined = (round: Joined): void => {
    if (stopped) return void machine.call(() => group.leave(round.memberId));
    ({ memberId, generation } = round);
    assigned = new Set(round.partitions.map(keyOf));
    fenced = false;
    handlers!.assigned(round.partitions);
  };
  /** Batches in hand are finished first, whatever that takes. */
  const join = async (): Promise<void> => {
    revoke();
    await Promise.all(busy.values());
    while (!stopped) {
      const answered = (round: Joined): void =>
        void schedule.after(schedule.random.next() * 3, () => machine.enter(() => joined(round)));
      try {
        return await ask(() => group.join(memberId, deps.topics, answered));
      } catch {
        await machine.clock.sleep(100);
      }
    }
  };

  const beat = (): void => {
    if (fenced || stopped) return;
    const asked = generation;
    ask((): Pulse => group.heartbeat(memberId!, asked)).then(
      (pulse) => {
        if (pulse !== 'ok' && !fenced && asked === generation && !stopped) void join();
      },
      () => undefined,
    );
  };

  const deliver = async (reading: Reading, fetched: Fetched): Promise<void> => {
    const { at } = reading;
    const key = keyOf(at);
    const work = handlers!.batch({ ...at, records: fetched.records, endOffset: fetched.end });
    const handled = work.catch((error: unknown) => {
      schedule.fail(new Error('the handler of a batch rejected', { cause: error }));
    });
    busy.set(key, handled);
    await handled;
    busy.delete(key);
    reading.position = fetched.records.at(-1)!.offset + 1;
    const current = readings.get(key);
    if (current !== undefined) void fetch(current);
  };

  /** The next fetch of a caught-up partition is answered when there is something, or after a while with nothing. */
  const waitForMore = (reading: Reading): void => {
    const again = (): void => {
      forget();
      cancel();
      schedule.after(latency(schedule), () => machine.enter(() => void fetch(reading)));
    };
    const forget = broker.onAppend(reading.at, again);
    const cancel = schedule.after(schedule.random.integer(100, LONGEST_POLL_MS), again);
  };

  const arrived = (reading: Reading, fetched: Fetched): void => {
    reading.fetching = false;
    const { at, position } = reading;
    if (readings.get(keyOf(at)) !== reading || reading.paused) return;
    if (position < fetched.start || position > fetched.end) {
      readings.delete(keyOf(at));
      handlers!.outOfRange(at);
    } else if (fetched.records.length > 0) void deliver(reading, fetched);
    else {
      handlers!.caughtUp(at, fetched.end);
      waitForMore(reading);
    }
  };
  const fetch = async (reading: Reading): Promise<void> => {
    const { at } = reading;
    const isRead = readings.get(keyOf(at)) === reading && !reading.paused && !stopped;
    if (!isRead || reading.fetching || busy.has(keyOf(at))) return;
    reading.fetching = true;
    const max = schedule.random.integer(1, LARGEST_BATCH);
    const fetched = await machine.call(() => ({
      records: broker.read(at, reading.position, max),
      ...broker.bounds(at),
    }));
    arrived(reading, fetched);
  };

  return {
    async run(given) {
      handlers = given;
      stopHeartbeat = machine.clock.every(deps.heartbeatMs, beat);
      void join();
    },
    start(at, offset) {
      if (fenced || stopped || !assigned.has(keyOf(at))) return;
      const reading = { at, position: offset, paused: false, fetching: false };
      readings.set(keyOf(at), reading);
      void fetch(reading);
    },
    pause(at) {
      const reading = readings.get(keyOf(at));
      if (reading !== undefined) reading.paused = true;
    },
    resume(at) {
      const reading = readings.get(keyOf(at));
      if (reading === undefined) return;
      reading.paused = false;
      void fetch(reading);
    },
    async mirror(at, nextOffset) {
      if (fenced || stopped || !assigned.has(keyOf(at))) return false;
      const asked = generation;
      const accepted = await ask(() => group.commit(memberId!, asked, at, nextOffset));
      return accepted && asked === generation && !fenced;
    },
    async stop() {
      if (stopped) return;
      revoke();
      stopped = true;
      stopHeartbeat();
      await Promise.all(busy.values());
      if (memberId === null) return;
      const id = memberId;
      await ask(() => group.leave(id)).catch(() => undefined);
    },
  };
}
