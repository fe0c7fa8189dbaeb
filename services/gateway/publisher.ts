import { LecternError } from '../shared/errors.ts';
import type { OutgoingRecord } from '../shared/log/port.ts';
import type { GatewayLimits } from './limits.ts';
import { createGroup, settle } from './publisher-group.ts';
import { createLane, type Entry, type Lane, type LaneDeps } from './publisher-lane.ts';

/** Records that were taken together. */
export interface Ticket {
  /** Resolves when the log has all but those cancelled; rejects with CLOSED, or once all is decided why it refused one. */
  readonly kept: Promise<void>;
  /** Those that the log will never take, with the reason; the others may be durable. Complete once `kept` has settled. */
  readonly refused: ReadonlyMap<OutgoingRecord, LecternError>;
  /** Drops those that no attempt was made for, when nobody waits for them any more, and returns them. */
  cancel(): readonly OutgoingRecord[];
}

export interface QueueState {
  readonly bytes: number;
  readonly events: number;
  /** How long the oldest one has been waiting; 0 when none does. */
  readonly oldestWaitMs: number;
}

/**
 * Turns single events into large sends.
 *
 * Promises: records of one topic and key are appended in the order they were given, through failed sends too, because
 * there is one send of a topic at a time and a failed one is repeated as it was until it succeeds; other topics do not
 * wait for it. A repeat may append a record twice, with the same id. A crash loses what is queued, none of which was
 * acknowledged.
 */
export interface Publisher {
  /** Takes all the records or, when the queue's last reserve is used up or it was stopped, none: null. */
  publish(records: readonly OutgoingRecord[]): Ticket | null;
  /** The queue has reached its limit and not yet halved since: nothing more should be read. */
  isFull(): boolean;
  state(): QueueState;
  /** Takes nothing more, and resolves when the queue is empty or, after `deadlineMs`, given up. */
  stop(deadlineMs: number): Promise<void>;
}

export interface PublisherDeps extends Omit<LaneDeps, 'onDone'> {
  readonly limits: LaneDeps['limits'] & Pick<GatewayLimits, 'queueBytes' | 'queueEvents'>;
  /** Milliseconds of a clock that never steps back. */
  readonly clockMs: () => number;
  /** Called when the queue became full, and when it has room again. */
  readonly onFull: (full: boolean) => void;
}

const RECORD_OVERHEAD_BYTES = 100;
const RESERVE = 2;
const NONE: Ticket['refused'] = new Map();

function sizeOf(record: OutgoingRecord): number {
  return record.value.length + record.key.length + RECORD_OVERHEAD_BYTES;
}

export function createPublisher(deps: PublisherDeps): Publisher {
  const { limits, logger, clockMs } = deps;
  /** By topic: as many as there are sources. */
  const lanes = new Map<string, Lane>();
  let bytes = 0;
  let events = 0;
  let full = false;
  let stopped = false;

  function release(entries: readonly Entry[]): void {
    for (const entry of entries) bytes -= entry.bytes;
    events -= entries.length;
    if (full && bytes <= limits.queueBytes / 2 && events <= limits.queueEvents / 2) {
      full = false;
      deps.onFull(false);
    }
  }

  function laneOf(topic: string): Lane {
    const lane = lanes.get(topic) ?? createLane({ ...deps, onDone: release });
    lanes.set(topic, lane);
    return lane;
  }

  function giveUp(): void {
    const lost = [...lanes.values()].flatMap((lane) => lane.giveUp());
    if (lost.length > 0)
      logger.error({ events: lost.length }, 'stopped before the log took all events; none was acknowledged');
    const error = new LecternError('CLOSED', 'the gateway stopped before the log took the event', {
      retriable: true,
    });
    for (const { group } of lost) group.reject(error);
    release(lost);
  }

  function publish(records: readonly OutgoingRecord[]): Ticket | null {
    const added = records.reduce((sum, record) => sum + sizeOf(record), 0);
    if (stopped || bytes + added > limits.queueBytes * RESERVE) return null;
    if (events + records.length > limits.queueEvents * RESERVE) return null;
    if (records.length === 0) return { kept: Promise.resolve(), refused: NONE, cancel: () => [] };
    const { promise, group } = createGroup(records.length);
    const since = clockMs();
    for (const record of records) laneOf(record.topic).add({ record, bytes: sizeOf(record), since, group });
    bytes += added;
    events += records.length;
    if (!full && (bytes >= limits.queueBytes || events >= limits.queueEvents)) {
      full = true;
      deps.onFull(true);
    }
    return {
      kept: promise,
      get refused() {
        return group.refused ?? NONE;
      },
      cancel() {
        const topics = new Set(records.map(({ topic }) => topic));
        const dropped = [...topics].flatMap((topic) => laneOf(topic).drop(group));
        settle(group, dropped.length);
        release(dropped);
        return dropped.map((entry) => entry.record);
      },
    };
  }

  return {
    publish,
    isFull: () => full,
    state() {
      const oldest = Math.min(...[...lanes.values()].map((lane) => lane.oldest()?.since ?? Infinity));
      return { bytes, events, oldestWaitMs: oldest === Infinity ? 0 : clockMs() - oldest };
    },
    async stop(deadlineMs) {
      stopped = true;
      const finished = Promise.all([...lanes.values()].map((lane) => lane.finish()));
      let deadline: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => {
        deadline = setTimeout(resolve, deadlineMs);
      }).then(giveUp);
      await Promise.race([finished, over]);
      clearTimeout(deadline);
    },
  };
}
