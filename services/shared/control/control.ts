import { Counter, Gauge, type Registry } from 'prom-client';
import type { ArchiveStore } from '../archive/port.ts';
import { type Clock, systemClock } from '../clock.ts';
import { LecternError, messageOf } from '../errors.ts';
import type { History } from '../history/port.ts';
import { createLazyProducer } from '../log/lazy-producer.ts';
import type { EventLog, LogRecord } from '../log/port.ts';
import type { Logger } from '../logger.ts';
import { controlTopic } from '../topics.ts';
import { createDecided, type DecidedLimits } from './decided.ts';
import { createFollower } from './follower.ts';
import { createGather } from './gather.ts';
import type { Control, ControlRecord } from './port.ts';
import { encodeControlRecord, parseControlRecord } from './record.ts';
import { createSnapshots } from './snapshots.ts';
import { createSnapshotting } from './snapshotting.ts';

export interface ControlDeps {
  readonly log: EventLog;
  readonly history: Pick<History, 'start' | 'archived' | 'read'>;
  /** Where snapshots lie. Without one the whole topic is read at each start. */
  readonly archive?: Pick<ArchiveStore, 'putIfAbsent' | 'get' | 'list' | 'delete'>;
  /** How many records may be read at a start, about; 10,000 when it is not given. */
  readonly snapshotEvery?: number;
  readonly verdictLimits?: DecidedLimits;
  readonly namespace: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly registry?: Registry;
}

export interface OpenControl extends Control {
  /** Follows the topic no more; whoever waits is told CLOSED. */
  close(): Promise<void>;
}

const MAX_IN_A_SEND = 500;

/**
 * The control topic as this process knows it. It is read as soon as anybody asks, publishes or watches: from the newest
 * snapshot on, or from its beginning where there is none, out of the archive where the log no longer holds it. From then
 * on it is followed. Snapshots only save reading: the topic says all that they say.
 *
 * `publish` and `caughtUp` reject with what keeps the log or the archive from answering, and may be called again: a
 * record that is published twice says the same twice. `publish` refuses a verdict with UNIT_STOPPED when its module
 * version has too many, and says what to do; other modules go on. So it does with an API key or a block too many. Both reject with UNIT_STOPPED while the beginning of the
 * topic is lost, or the topic is another than the one that was read; nothing is published then.
 */
export function createControl(deps: ControlDeps): OpenControl {
  const { log, logger, registry } = deps;
  const topic = controlTopic(deps.namespace);
  const decided = createDecided(deps.verdictLimits);
  const listeners = new Set<(record: ControlRecord) => void>();
  const producer = createLazyProducer(log);
  const records =
    registry &&
    new Counter({
      name: 'lectern_control_records_total',
      help: 'Records of the control topic by outcome: taken, of a kind unknown here, or broken.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  if (registry !== undefined)
    new Gauge({
      name: 'lectern_control_verdicts',
      help: 'Events that are left out of a reducer at their place.',
      registers: [registry],
      collect() {
        this.set(decided.verdicts);
      },
    });

  const tell = (record: ControlRecord): void => {
    for (const listener of [...listeners]) {
      try {
        listener(record);
      } catch (error) {
        logger.error({ error: messageOf(error) }, 'a listener to the control topic threw');
      }
    }
  };

  const take = ({ offset, value }: LogRecord): void => {
    const parsed = parseControlRecord(value);
    records?.inc({ outcome: parsed.outcome });
    if (parsed.outcome === 'broken')
      logger.warn({ topic, offset, reason: parsed.reason }, 'a control record is broken, and ignored');
    if (parsed.outcome !== 'taken') return;
    decided.take(parsed.record);
    tell(parsed.record);
  };

  const clock = deps.clock ?? systemClock;
  const snapshotting =
    deps.archive &&
    createSnapshotting({
      ...deps,
      snapshots: createSnapshots({ archive: deps.archive, topic, logger }),
      topic,
      decided,
      clock,
      ...(deps.snapshotEvery === undefined ? {} : { every: deps.snapshotEvery }),
    });
  const follower = createFollower({
    ...deps,
    topic,
    clock,
    take(record) {
      take(record);
      snapshotting?.taken(record);
    },
    async restore() {
      const position = (await snapshotting?.restore()) ?? null;
      // Whoever watches hears what holds, as if the records had been read.
      const holding = [
        ...decided.switches,
        ...decided.apiKeys.values(),
        ...decided.blocks.values(),
        ...decided.versions,
        ...decided.claims.values(),
      ];
      if (position !== null) for (const one of holding) tell(one);
      return position;
    },
  });

  // Of those who ask at one moment one question serves all; one that is under way may be too old for a newcomer.
  const askEnd = createGather<undefined, number>({
    most: Number.POSITIVE_INFINITY,
    async run(asked) {
      const end = (await log.offsets(topic)).find(({ partition }) => partition === 0)?.end ?? 0;
      return asked.map(() => end);
    },
  });
  const append = createGather<Buffer, number | null>({
    most: MAX_IN_A_SEND,
    async run(values) {
      const appended = await producer.send(values.map((value) => ({ topic, key: 'control', value })));
      return appended.map(({ offset }) => offset);
    },
  });
  const caughtUp = async (): Promise<void> => {
    follower.start();
    await follower.reached(await askEnd(undefined));
  };

  return {
    async publish(record) {
      const refusal = decided.refusal(record);
      if (refusal !== null) throw new LecternError('UNIT_STOPPED', refusal);
      // Who cannot know what was decided before tries again and again, and must not fill the topic with that.
      await follower.reached(0);
      const offset = await append(encodeControlRecord(record));
      // A record that the log has from an earlier attempt stands somewhere before its end.
      await (offset === null ? caughtUp() : follower.reached(offset + 1));
    },
    caughtUp,
    apiKeys: decided.apiKeys,
    blocks: decided.blocks,
    claims: decided.claims,
    erasures: decided.erasures,
    leftOut: decided.leftOut,
    pausedBecause: decided.pausedBecause,
    activeVersion: decided.activeVersion,
    claimedUnits: decided.claimedUnits,
    watch(listener) {
      follower.start();
      const own = (record: ControlRecord): void => listener(record);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    async close() {
      listeners.clear();
      await follower.close();
      await snapshotting?.close();
      await producer.close();
    },
  };
}
